//! Why a lock was not to be had, or is lost.

use tonic::{Code, Status};

/// Why a lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others hold it still, and the wait is over.
    #[error("others hold the lock still")]
    Held,
    /// This owner holds what those wait for whom it would wait for. Release something, and ask again.
    #[error("it would wait for itself")]
    Deadlock,
    /// This owner has a guard of this lock, or asks for one.
    #[error("this owner has the lock already, or asks for it")]
    Already,
    /// The service refused the request, or could not be reached in time. Nothing is left of it.
    #[error("no lock: {0}")]
    Refused(#[from] Box<Status>),
}

/// The lock is lost: whoever worked under it must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lock is lost")]
pub struct Lost;

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        match api::error::reason(&status).as_deref() {
            Some("HELD") => Self::Held,
            Some("DEADLOCK") => Self::Deadlock,
            _ => Self::Refused(Box::new(status)),
        }
    }
}

/// Whether asking again, with the same id, may go through.
pub(crate) fn passing(status: &Status) -> bool {
    match api::error::reason(status).as_deref() {
        Some(api::error::NOT_TAKEN | api::error::OUTCOME_UNKNOWN) => true,
        Some(_) => false,
        // A connection that broke, an instance that goes away, a time that ran out.
        None => matches!(
            status.code(),
            Code::Unavailable
                | Code::Cancelled
                | Code::Unknown
                | Code::DeadlineExceeded
                | Code::ResourceExhausted
                | Code::Internal
        ),
    }
}
