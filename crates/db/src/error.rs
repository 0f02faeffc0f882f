//! Why a read or a transaction did not end well, and what its caller may conclude.

use std::sync::Arc;
use std::time::Duration;

use api::error;
use tonic::{Code, Status};

/// When a caller may come back whose token nobody has got to yet.
const CATCH_UP: Duration = Duration::from_secs(1);

/// Why a read or a transaction did not end well.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was kept: COMMIT was never sent. The caller may try again at once.
    #[error("the database is unavailable for the moment: {0}")]
    NotTaken(#[source] Why),
    /// COMMIT was sent and no clean answer came: only the same key can tell.
    #[error("the outcome is not known; send the same request again: {0}")]
    Unknown(#[source] Why),
    /// Nobody reachable has got to the caller's token yet.
    #[error("no copy has caught up with what was seen already")]
    NotYetConsistent,
    /// A statement failed, by a constraint or by a bug; nothing was kept.
    #[error("a statement failed: {0}")]
    Statement(#[source] Arc<sqlx::Error>),
    /// The work passed over a failed statement, which is said here; nothing was kept.
    #[error("a failed statement was passed over: {0}")]
    Swallowed(String),
    /// The work itself panicked; nothing was kept.
    #[error("the work `{0}` panicked")]
    Panicked(&'static str),
}

/// What stood in the way.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Why {
    /// The deadline came first.
    #[error("no answer came in time")]
    Late,
    /// As many are waiting as may wait.
    #[error("the queue is full")]
    Full,
    /// COMMIT was answered with a warning, such as a wait for the standby that was cut short.
    #[error("the commit was answered with a warning")]
    Warned,
    /// Whoever answers there is no primary.
    #[error("no primary answers there")]
    NoPrimary,
    /// The connection or the server failed, in its own words.
    #[error("{0}")]
    Failed(String),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Statement(Arc::new(error))
    }
}

impl From<sqlx::Error> for Why {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Error {
    /// The constraint that refused a statement, if one did.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Statement(error) => error.as_database_error()?.constraint(),
            _ => None,
        }
    }

    /// What a caller on the wire is told. The cause stays here.
    pub fn status(&self) -> Status {
        match self {
            Self::NotTaken(_) => {
                let sentence = "nothing was kept; try again";
                error::status(Code::Unavailable, error::NOT_TAKEN, sentence)
            }
            Self::Unknown(_) => {
                let sentence = "the outcome is not known; send the same request again";
                error::status(Code::Aborted, error::OUTCOME_UNKNOWN, sentence)
            }
            Self::NotYetConsistent => {
                let (code, reason) = (Code::Unavailable, error::NOT_YET_CONSISTENT);
                error::later(code, reason, "no copy has caught up yet", CATCH_UP)
            }
            Self::Statement(_) | Self::Swallowed(_) | Self::Panicked(_) => {
                Status::internal("something went wrong here")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_taken_and_what_is_unknown_are_told_apart_on_the_wire() {
        let not_taken = Error::NotTaken(Why::Full).status();
        let unknown = Error::Unknown(Why::Late).status();

        assert_eq!(error::reason(&not_taken).as_deref(), Some(error::NOT_TAKEN));
        assert_eq!(
            error::reason(&unknown).as_deref(),
            Some(error::OUTCOME_UNKNOWN)
        );
        assert_eq!(unknown.code(), Code::Aborted);
    }

    #[test]
    fn who_must_wait_for_a_copy_is_told_how_long() {
        use tonic_types::StatusExt as _;

        let status = Error::NotYetConsistent.status();

        let after = status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay);
        assert_eq!(after, Some(CATCH_UP));
    }
}
