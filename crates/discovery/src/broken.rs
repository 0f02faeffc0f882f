//! What a call hears when there is no answer: always one status, with a mark when nothing was ever sent.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use retry::NeverSent;
use tonic::{Code, Status};

/// A neighbour that was full has room again after a few calls' time.
const ROOM_AGAIN: Duration = Duration::from_secs(1);

/// Nothing was sent.
pub(crate) fn never_sent(code: Code, message: String) -> Status {
    let mut status = Status::new(code, message);
    status.set_source(Arc::new(NeverSent));
    status
}

/// Nothing was sent, since enough calls are in flight to `service`.
pub(crate) fn full(service: &str) -> Status {
    let message = format!("as many calls to {service} are under way as may be; try again");
    let reason = api::error::NOT_TAKEN;
    let mut status = api::error::later(Code::Unavailable, reason, message, ROOM_AGAIN);
    status.set_source(Arc::new(NeverSent));
    status
}

/// It was sent, and the connection broke before the answer: the peer may have done the work.
pub(crate) fn broken(service: &str, error: hyper::Error) -> Status {
    let mut status = Status::unavailable(format!("the connection to {service} broke"));
    status.set_source(Arc::new(error));
    status
}

/// Whether the peer said that it never looked at the request: it was over its limit, or on its way out.
pub(crate) fn untouched(error: &hyper::Error) -> bool {
    let source = error.source();
    let Some(error) = source.and_then(|source| source.downcast_ref::<h2::Error>()) else {
        return false;
    };
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    let going_away = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
    error.is_remote() && (refused || going_away)
}
