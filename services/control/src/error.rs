//! Why a request failed, in words its caller may read.

use std::sync::Arc;

use api::error;
use tonic::{Code, Status};

use crate::domain::allowance::OutOfRange;
use crate::domain::fault;

/// A fault has as many notes as it may have.
const NOTES_FULL: &str = "NOTES_FULL";

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Values are understood, and not allowed.
    #[error("a value is out of range")]
    OutOfRange(Vec<OutOfRange>),
    /// A name breaks the rule of names.
    #[error(transparent)]
    Name(#[from] fault::Invalid),
    /// A fault has as many notes as it may have.
    #[error("the fault has 100 notes already")]
    NotesFull,
    /// There is none of this name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Somebody else changed it first.
    #[error("somebody else has changed it; read it again")]
    Stale,
    /// The list of backups is there, and cannot be read.
    #[error("the list of backups cannot be read for the moment")]
    Unreadable(#[source] std::io::Error),
    /// The database did not answer as it should.
    #[error("control is unavailable for the moment")]
    Data(#[from] db::Error),
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let says = error.to_string();
        let mut status = match &error {
            Error::OutOfRange(fields) => {
                let named = fields.iter();
                error::out_of_range(named.map(|one| (&*one.field, one.allowed.clone())))
            }
            Error::Name(fault::Invalid(field)) => error::invalid(field, says),
            Error::NotesFull => error::status(Code::FailedPrecondition, NOTES_FULL, says),
            Error::NotFound(_) => error::status(Code::NotFound, error::NOT_FOUND, says),
            Error::Stale => error::status(Code::FailedPrecondition, error::STALE, says),
            Error::Unreadable(_) => error::status(Code::Unavailable, error::NOT_TAKEN, says),
            Error::Data(cause) => cause.status(),
        };
        status.set_source(Arc::new(error)); // The chassis logs it with its causes, once.
        status
    }
}
