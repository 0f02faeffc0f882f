//! Ends the streams that a draining server still writes, so that its clients go on elsewhere.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;

/// A body that says `Unavailable` and ends when there is nothing to write and the server is closing. The answer to a
/// plain request is always there to write.
struct Until {
    body: Body,
    closing: Closing,
}

enum Closing {
    /// Nothing had to be waited for yet.
    Unasked(CancellationToken),
    Waiting(Pin<Box<WaitForCancellationFutureOwned>>),
    Said,
}

/// Ends `body`, once `closing`.
pub(crate) fn until(closing: CancellationToken, body: Body) -> Body {
    let closing = Closing::Unasked(closing);
    Body::new(Until { body, closing })
}

impl Until {
    /// The frame to end with, once it is time to.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        if let Closing::Unasked(closing) = &self.closing {
            self.closing = Closing::Waiting(Box::pin(closing.clone().cancelled_owned()));
        }
        if let Closing::Waiting(closing) = &mut self.closing {
            ready!(closing.as_mut().poll(context));
        }
        self.closing = Closing::Said;
        let mut trailers = HeaderMap::new();
        let status = Status::unavailable("this instance is going away");
        // Its message is plain text, which every header can hold.
        let _ = status.add_header(&mut trailers);
        Poll::Ready(Some(Frame::trailers(trailers)))
    }
}

impl HttpBody for Until {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if matches!(self.closing, Closing::Said) {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        self.poll_end(context).map(|frame| frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt as _, StreamExt as _};

    /// The frames of a body, as far as they are there.
    fn frames(body: &mut Body) -> Vec<Frame<Bytes>> {
        let mut frames = Vec::new();
        while let Some(Some(frame)) =
            std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).now_or_never()
        {
            frames.push(frame.unwrap());
        }
        frames
    }

    fn said(frame: &Frame<Bytes>) -> Option<&str> {
        frame.trailers_ref()?.get("grpc-status")?.to_str().ok()
    }

    #[test]
    fn a_stream_says_that_its_server_is_going_away() {
        let closing = CancellationToken::new();
        let words = futures::stream::iter([Ok::<_, axum::Error>("word")]);
        let endless = Body::from_stream(words.chain(futures::stream::pending()));
        let mut body = until(closing.clone(), endless);
        assert_eq!(frames(&mut body).len(), 1);

        closing.cancel();

        let last = frames(&mut body);
        let unavailable = "14";
        assert_eq!(
            last.iter().map(said).collect::<Vec<_>>(),
            [Some(unavailable)]
        );
    }

    #[test]
    fn an_answer_that_is_there_is_written_in_full() {
        let closing = CancellationToken::new();
        let mut body = until(closing.clone(), Body::from("all of it"));

        closing.cancel();

        let frames = frames(&mut body);
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].data_ref().unwrap(), "all of it");
    }
}
