//! Why a request failed, in words its caller may read.

use std::borrow::Cow;
use std::sync::Arc;

use api::error;
use api::id::PRODUCT;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use crate::domain::new_order::Refusal;
use crate::domain::{Invalid, cart};

/// The metadata that marks an answer as the one of an earlier request with the same key.
pub const REPLAYED: &str = "idempotency-replayed";

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It breaks a rule of its own shape.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such thing, or it is not the caller's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Somebody else changed it first.
    #[error("the {0} has changed; read it again")]
    Stale(&'static str),
    /// The key belongs to another request.
    #[error("the key was sent with another request before")]
    KeyReused,
    /// Another product has this stock keeping unit.
    #[error("another product has this sku")]
    SkuTaken,
    /// What was to go into a cart is not for sale.
    #[error("there is no such product for sale")]
    ProductNotFound,
    /// The cart stays as it is.
    #[error(transparent)]
    Cart(#[from] cart::Refusal),
    /// The order was not even written, and its key says so for ever.
    #[error("{0}")]
    Refused(Refusal),
    /// The order is still pending.
    #[error("the order has not settled yet")]
    NotSettled,
    /// The order does not stand where this move begins.
    #[error("an order that is {0} cannot do that")]
    IllegalMove(Cow<'static, str>),
    /// More would be given back than was paid.
    #[error("more would be given back than was paid")]
    OverRefund,
    /// The saga has ended.
    #[error("the saga has ended")]
    SagaEnded,
    /// A neighbour gave no answer: only the same key can tell.
    #[error("the outcome is not known; send the same request again")]
    Unknown,
    /// What an earlier request with the same key was told.
    #[error(transparent)]
    Replayed(Box<Error>),
    /// The database did not answer as it should.
    #[error("orders are unavailable for the moment")]
    Data(#[from] db::Error),
}

impl From<Error> for Status {
    fn from(failed: Error) -> Self {
        let mut status = write(&failed);
        status.set_source(Arc::new(failed)); // The chassis logs it with its causes, once.
        status
    }
}

fn write(failed: &Error) -> Status {
    let says = failed.to_string();
    let refused = |reason: &str| error::status(Code::FailedPrecondition, reason, says.clone());
    match failed {
        Error::Invalid(invalid) => error::invalid(&invalid.field, invalid.rule),
        Error::NotFound(_) => error::status(Code::NotFound, error::NOT_FOUND, says),
        Error::Stale(_) | Error::Cart(cart::Refusal::Stale) => refused(error::STALE),
        Error::KeyReused => refused(error::KEY_REUSED),
        Error::SkuTaken => error::status(Code::AlreadyExists, "SKU_TAKEN", says),
        Error::ProductNotFound => error::status(Code::NotFound, "PRODUCT_NOT_FOUND", says),
        Error::Cart(cart::Refusal::Ordered) => refused("CART_ORDERED"),
        Error::Cart(cart::Refusal::Full) => refused("CART_FULL"),
        Error::Cart(cart::Refusal::TooMany) => error::invalid("quantity", says),
        Error::Refused(why) => not_written(*why),
        Error::NotSettled => refused("NOT_SETTLED"),
        Error::IllegalMove(_) => refused("ILLEGAL_MOVE"),
        Error::OverRefund => refused("OVER_REFUND"),
        Error::SagaEnded => refused("SAGA_ENDED"),
        Error::Unknown => error::status(Code::Aborted, error::OUTCOME_UNKNOWN, says),
        Error::Replayed(before) => replayed(write(before)),
        Error::Data(cause) => cause.status(),
    }
}

fn not_written(why: Refusal) -> Status {
    let (code, reason) = match why {
        Refusal::ProductNotFound { product } => {
            let says = format!("{why}: {}", PRODUCT.write(product));
            return error::status(Code::NotFound, "PRODUCT_NOT_FOUND", says);
        }
        Refusal::PriceChanged => (Code::FailedPrecondition, "PRICE_CHANGED"),
        Refusal::CartNotFound => (Code::NotFound, "CART_NOT_FOUND"),
        Refusal::CartOrdered => (Code::FailedPrecondition, "CART_ORDERED"),
        Refusal::CartEmpty => (Code::FailedPrecondition, "CART_EMPTY"),
    };
    error::status(code, reason, why.to_string())
}

fn replayed(mut status: Status) -> Status {
    let yes = MetadataValue::from_static("true");
    status.metadata_mut().insert(REPLAYED, yes);
    status
}
