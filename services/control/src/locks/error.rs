//! Why something that was asked of a lock was not done, in words its caller may read.

use std::sync::Arc;

use api::error;
use tonic::{Code, Status};

use crate::domain::lock::{Invalid, Refusal};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request breaks a rule of its own shape.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The lock is not to be had.
    #[error("{}", sentence(*.0))]
    Refused(Refusal),
    /// The grant is no more.
    #[error("the lock is lost: its lease ran out, or it was taken away")]
    Lost,
    /// It is not this owner's to release.
    #[error("others hold it")]
    Others,
    /// Nobody claims it.
    #[error("nobody holds it")]
    NotFound,
    /// The place in the queue is lost; nothing was kept.
    #[error("the place in the queue is lost; ask again")]
    Gone,
    /// The database did not answer as it should.
    #[error("locks are unavailable for the moment")]
    Data(#[from] db::Error),
}

/// The reason on the wire.
pub fn reason(why: Refusal) -> &'static str {
    match why {
        Refusal::Held => "HELD",
        Refusal::Deadlock => "DEADLOCK",
        Refusal::Mode => "MODE",
        Refusal::Waits => "WAITS",
        Refusal::Ended => "ENDED",
        Refusal::Full => "FULL",
    }
}

fn sentence(why: Refusal) -> &'static str {
    match why {
        Refusal::Held => "others hold it still",
        Refusal::Deadlock => {
            "it would wait for itself: those who are before it wait for what it holds"
        }
        Refusal::Mode => "this owner holds it, or waits for it, in the other mode",
        Refusal::Waits => "this owner waits for it already, by another request",
        Refusal::Ended => "this request was released already",
        Refusal::Full => "as many hold locks, or wait for them, as may",
    }
}

fn code(why: Refusal) -> Code {
    match why {
        Refusal::Deadlock => Code::Aborted,
        Refusal::Full => Code::ResourceExhausted,
        Refusal::Held | Refusal::Mode | Refusal::Waits | Refusal::Ended => Code::FailedPrecondition,
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let says = error.to_string();
        let mut status = match &error {
            Error::Invalid(invalid) => error::invalid(field(*invalid), says),
            Error::Refused(why) => error::status(code(*why), reason(*why), says),
            Error::Lost => error::status(Code::FailedPrecondition, "LOST", says),
            Error::Others => error::status(Code::PermissionDenied, "OTHERS", says),
            Error::NotFound => error::status(Code::NotFound, error::NOT_FOUND, says),
            Error::Gone => error::status(Code::Unavailable, error::NOT_TAKEN, says),
            Error::Data(cause) => cause.status(),
        };
        status.set_source(Arc::new(error)); // The chassis logs it with its causes, once.
        status
    }
}

fn field(invalid: Invalid) -> &'static str {
    match invalid {
        Invalid::Name => "name",
        Invalid::Owner => "owner",
        Invalid::Ttl => "ttl_ms",
        Invalid::Wait => "wait_ms",
    }
}
