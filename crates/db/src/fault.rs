//! What an error of the driver means for the transaction it fell into.

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Others were in the way, or room was short: the same once more may go through.
    Passing,
    /// The connection is of no more use.
    Broken,
    /// The server does not write: a demoted primary; or else this was no place to write.
    ReadOnly,
    /// The statement itself was refused, and would be again.
    Refused,
}

/// The first error that a connection met in a piece of work.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Fault {
    pub(crate) fn of(error: &Error) -> Self {
        Self {
            kind: kind(error),
            text: error.to_string(),
        }
    }
}

/// What follows from `error`.
pub(crate) fn kind(error: &Error) -> Kind {
    match error {
        Error::Database(refusal) => refusal
            .try_downcast_ref()
            .map_or(Kind::Broken, kind_of_refusal),
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolClosed
        | Error::PoolTimedOut
        | Error::WorkerCrashed => Kind::Broken,
        _ => Kind::Refused,
    }
}

fn kind_of_refusal(refusal: &PgDatabaseError) -> Kind {
    match refusal.code() {
        // Serialization, deadlock, a lock waited for too long, somebody else's cancel.
        "40001" | "40P01" | "55P03" | "57014" => Kind::Passing,
        "25006" => Kind::ReadOnly,
        // Going down, gone down, coming up.
        "57P01" | "57P02" | "57P03" => Kind::Broken,
        code if refusal.severity() == PgSeverity::Error => {
            let no_room = code.starts_with("53");
            if no_room {
                Kind::Passing
            } else {
                Kind::Refused
            }
        }
        // FATAL and PANIC end the connection.
        _ => Kind::Broken,
    }
}

/// Whether the server said, on a connection that lives on, that it has not done what it was asked.
pub(crate) fn cleanly_refused(error: &Error) -> bool {
    let refusal = error.as_database_error();
    let refusal = refusal.and_then(|refusal| refusal.try_downcast_ref::<PgDatabaseError>());
    refusal.is_some_and(|refusal| refusal.severity() == PgSeverity::Error)
        && !matches!(kind(error), Kind::Broken | Kind::ReadOnly)
}
