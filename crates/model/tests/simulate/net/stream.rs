//! A connection as its two ends have it, and where it is taken.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

use super::{Backlog, End, Host, Net, Power, State, What, with};

/// One end of a connection. Dropped, it is closed.
pub(crate) struct Stream {
    connection: usize,
    side: usize,
}

/// Where a host takes connections.
pub(crate) struct Listener(Host);

/// Connects `from` with `to`; for as long as it takes.
pub(crate) async fn connect(from: Host, to: Host) -> io::Result<Stream> {
    let connection = with(|net| {
        let connection = net.connections.len();
        // Nobody has the other end yet.
        let there = End {
            dropped: true,
            ..End::new(to)
        };
        net.connections.push([End::new(from), there]);
        net.post(connection, 1, What::Open);
        connection
    });
    let stream = Stream {
        connection,
        side: 0,
    };
    poll_fn(|context| {
        stream.with(|end, _| match end.state {
            State::Opening => end.wait::<io::Result<()>>(context),
            State::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
            State::Open | State::Finished => Poll::Ready(Ok(())),
        })
    })
    .await?;
    Ok(stream)
}

impl Listener {
    /// Takes connections to `host`.
    pub(crate) fn of(host: Host) -> Self {
        with(|net| net.listeners.insert(host, Backlog::default()));
        Self(host)
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> Stream {
        poll_fn(|context| {
            with(|net| {
                let backlog = net.listeners.get_mut(self.0);
                let backlog = backlog.expect("it is there for as long as this");
                if let Some(connection) = backlog.connections.pop_front() {
                    return Poll::Ready(Stream {
                        connection,
                        side: 1,
                    });
                }
                backlog.waker = Some(context.waker().clone());
                Poll::Pending
            })
        })
        .await
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let backlog = with(|net| net.listeners.remove(self.0));
        for connection in backlog.into_iter().flat_map(|it| it.connections) {
            drop(Stream {
                connection,
                side: 1,
            });
        }
    }
}

impl End {
    fn new(host: Host) -> Self {
        Self {
            host,
            inbox: std::collections::VecDeque::new(),
            state: State::Opening,
            waker: None,
            dropped: false,
            finished: false,
            last: Duration::ZERO,
        }
    }

    fn wait<T>(&mut self, context: &Context<'_>) -> Poll<T> {
        self.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn read(&mut self, context: &Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(first) = self.inbox.front_mut() {
            let many = first.len().min(into.remaining());
            into.put_slice(&first.split_to(many));
            if !first.has_remaining() {
                self.inbox.pop_front();
            }
            return Poll::Ready(Ok(()));
        }
        match self.state {
            State::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            State::Finished => Poll::Ready(Ok(())),
            State::Opening | State::Open => self.wait(context),
        }
    }
}

impl Stream {
    fn with<T>(&self, work: impl FnOnce(&mut End, usize) -> T) -> T {
        with(|net| work(&mut net.connections[self.connection][self.side], self.side))
    }

    fn finish(&self, net: &mut Net) {
        let end = &mut net.connections[self.connection][self.side];
        if !end.finished {
            end.finished = true;
            net.post(self.connection, 1 - self.side, What::Finish);
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let waker = with(|net| {
            let end = &mut net.connections[self.connection][self.side];
            end.dropped = true;
            let (waker, host) = (end.waker.take(), end.host);
            if net.power.get(host) != Some(&Power::Off) {
                self.finish(net);
            }
            waker
        });
        drop(waker);
    }
}

impl Connected for Stream {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with(|end, _| end.read(context, into))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let broken = self.with(|end, _| end.state == State::Reset || end.finished);
        if broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let sent = What::Bytes(Bytes::copy_from_slice(bytes));
        with(|net| net.post(self.connection, 1 - self.side, sent));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        with(|net| self.finish(net));
        Poll::Ready(Ok(()))
    }
}
