//! Why a request failed, in words its caller may read.

use std::sync::Arc;

use api::error;
use tonic::{Code, Status};

use crate::domain::Invalid;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It breaks a rule of its own shape.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such article, or it is not public.
    #[error("there is no such article")]
    NotFound,
    /// Somebody else changed it first.
    #[error("the article has changed; read it again")]
    Stale,
    /// The database did not answer as it should.
    #[error("the news are unavailable for the moment")]
    Data(#[from] db::Error),
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let says = error.to_string();
        let mut status = match &error {
            Error::Invalid(Invalid::Title) => error::invalid("title", says),
            Error::Invalid(Invalid::Body) => error::invalid("body", says),
            Error::NotFound => error::status(Code::NotFound, error::NOT_FOUND, says),
            Error::Stale => error::status(Code::FailedPrecondition, error::STALE, says),
            Error::Data(cause) => cause.status(),
        };
        status.set_source(Arc::new(error)); // The chassis logs it with its causes, once.
        status
    }
}
