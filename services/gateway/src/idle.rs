//! Connections that carry nothing: closed after a while, whichever side holds its tongue.

use std::future::Ready;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Accepts connections that must not be idle for longer than this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patient(pub(crate) Duration);

/// A connection that breaks once nothing has passed for a while.
pub(crate) struct Idle<S> {
    inner: S,
    limit: Duration,
    last: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Accept<TcpStream, S> for Patient {
    type Stream = Idle<TcpStream>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let idle = Idle::new(stream, self.0);
        // Small answers must not wait for the acknowledgement of the one before.
        std::future::ready(idle.inner.set_nodelay(true).map(|()| (idle, service)))
    }
}

impl<S> Idle<S> {
    fn new(inner: S, limit: Duration) -> Self {
        let last = Instant::now();
        Self {
            inner,
            limit,
            last,
            alarm: Box::pin(sleep_until(last + limit)),
        }
    }

    /// Notes that something passed. The alarm is set anew only when it rings.
    fn passed(&mut self) {
        self.last = Instant::now();
    }

    fn check(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            ready!(self.alarm.as_mut().poll(context));
            let due = self.last + self.limit;
            if due <= Instant::now() {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.alarm.as_mut().reset(due);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Idle<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(context, buffer) {
            self.passed();
            return Poll::Ready(read);
        }
        self.check(context).map(Err)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Idle<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write(context, bytes) {
            self.passed();
            return Poll::Ready(written);
        }
        // A reader that takes nothing holds us up as well as one that sends nothing.
        self.check(context).map(Err)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write_vectored(context, parts)
        {
            self.passed();
            return Poll::Ready(written);
        }
        self.check(context).map(Err)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const LIMIT: Duration = Duration::from_millis(400);

    #[tokio::test]
    async fn a_connection_on_which_nothing_passes_breaks() {
        let (_silent, ours) = tokio::io::duplex(64);
        let mut idle = Idle::new(ours, LIMIT);

        let read = tokio::time::timeout(LIMIT * 20, idle.read_u8()).await;

        assert_eq!(read.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_connection_that_is_written_to_now_and_then_is_not_idle() {
        let (_theirs, ours) = tokio::io::duplex(64);
        let (mut reading, mut writing) = tokio::io::split(Idle::new(ours, LIMIT));
        let mut beats = tokio::time::interval(LIMIT / 8);

        let mut reading = std::pin::pin!(reading.read_u8());
        for _ in 0..24 {
            tokio::select! {
                read = &mut reading => panic!("it was closed although something passed: {read:?}"),
                _ = beats.tick() => writing.write_u8(1).await.unwrap(),
            }
        }
    }
}
