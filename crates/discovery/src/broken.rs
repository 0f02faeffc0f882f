//! What a call hears when there is no answer: always one status, with a mark when nothing was ever sent.

use std::error::Error;
use std::sync::Arc;

use retry::NeverSent;
use tonic::{Code, Status};

/// Nothing was sent.
pub(crate) fn never_sent(code: Code, message: String) -> Status {
    let mut status = Status::new(code, message);
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
