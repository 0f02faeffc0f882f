//! Why a request failed, in words its caller may read.

use std::sync::Arc;
use std::time::Duration;

use api::error::{self, later};
use auth::Unsealable;
use tonic::{Code, Status};

use crate::domain::Invalid;
use crate::store::accounts;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field breaks its rule.
    #[error("{message}")]
    Invalid {
        /// The path of the field, such as `address.city`.
        field: &'static str,
        /// The rule.
        message: String,
    },
    /// There is no such thing, or it is not the caller's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Another version is current.
    #[error("it was changed meanwhile; read it again")]
    Stale,
    /// Another account has this email.
    #[error("an account with this email exists already")]
    EmailTaken,
    /// The password would be guessed too easily.
    #[error("{0}")]
    WeakPassword(&'static str),
    /// No account, or another password. Which of them is not said.
    #[error("email, registration number or password is wrong")]
    BadCredentials,
    /// Too many wrong passwords in a row.
    #[error("too many wrong passwords; try again in {} s", .0.as_secs())]
    LockedOut(Duration),
    /// Who acts is no administrator any more.
    #[error("only an administrator may do that")]
    NotAllowed,
    /// An administrator has disabled the account.
    #[error("this account is disabled")]
    Disabled,
    /// As many passwords are being checked as may be.
    #[error("too many sign-ins at once; try again")]
    Busy,
    /// The refresh token is unknown, has expired, or was traded before.
    #[error("the refresh token is not valid; sign in again")]
    BadToken,
    /// The wallet is not empty.
    #[error("there is money left in the wallet")]
    MoneyLeft,
    /// The key, the order or the refund belongs to another request.
    #[error("it was sent before with another request")]
    KeyReused,
    /// More than is left of what was paid.
    #[error("more than is left of what was paid")]
    OverRefund,
    /// The order was never paid for.
    #[error("nothing was paid for this order")]
    NotCharged,
    /// The account has as many addresses as it may.
    #[error("an account has at most {0} addresses")]
    TooManyAddresses(usize),
    /// Without this one nobody could administer the shop.
    #[error("this is the last administrator")]
    LastAdmin,
    /// The database did not go along.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// What was sealed does not open: another master key, or rows that were tampered with.
    #[error("something went wrong here")]
    Sealed(#[from] Unsealable),
    /// Work that was set apart did not come back.
    #[error("something went wrong here")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Shortens `Result` for everything in this service.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Says that `field` breaks a rule.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid { field, message }
    }

    /// Names the constraint on emails for what it is.
    pub(crate) fn of_email(self) -> Self {
        match self {
            Self::Database(error) if error.constraint() == Some(accounts::EMAIL_TAKEN) => {
                Self::EmailTaken
            }
            other => other,
        }
    }

    /// Says that something here is broken, and why.
    pub fn broken(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Broken(why.into())
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.field, invalid.rule)
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let mut status = answer(&error);
        status.set_source(Arc::new(error)); // The chassis logs it with its causes, once.
        status
    }
}

/// What the caller sees of it.
fn answer(error: &Error) -> Status {
    let say = |code, reason| error::status(code, reason, error.to_string());
    let wait = |reason, after| later(Code::ResourceExhausted, reason, error.to_string(), after);
    match error {
        Error::Invalid { field, message } => error::invalid(field, message),
        Error::NotFound(_) => say(Code::NotFound, error::NOT_FOUND),
        Error::Stale => say(Code::FailedPrecondition, error::STALE),
        Error::EmailTaken => say(Code::AlreadyExists, "EMAIL_TAKEN"),
        Error::WeakPassword(_) => say(Code::InvalidArgument, "WEAK_PASSWORD"),
        Error::BadCredentials => say(Code::Unauthenticated, "BAD_CREDENTIALS"),
        Error::LockedOut(after) => wait("LOCKED_OUT", *after),
        Error::NotAllowed => say(Code::PermissionDenied, "FORBIDDEN"),
        Error::Disabled => say(Code::PermissionDenied, "DISABLED"),
        Error::Busy => wait("BUSY", Duration::from_secs(1)),
        Error::BadToken => say(Code::Unauthenticated, "BAD_TOKEN"),
        Error::MoneyLeft => say(Code::FailedPrecondition, "MONEY_LEFT"),
        Error::KeyReused => say(Code::FailedPrecondition, error::KEY_REUSED),
        Error::OverRefund => say(Code::FailedPrecondition, "OVER_REFUND"),
        Error::NotCharged => say(Code::FailedPrecondition, "NOT_CHARGED"),
        Error::TooManyAddresses(_) => say(Code::FailedPrecondition, "TOO_MANY_ADDRESSES"),
        Error::LastAdmin => say(Code::FailedPrecondition, "LAST_ADMIN"),
        Error::Database(error) => error.status(),
        Error::Sealed(_) | Error::Broken(_) => Status::internal(error.to_string()),
    }
}
