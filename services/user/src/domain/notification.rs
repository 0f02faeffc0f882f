//! What an account is told of.

use time::OffsetDateTime;
use uuid::Uuid;

/// Something that happened, told by another service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The same however often it is told.
    pub event: Uuid,
    /// Whom it concerns.
    pub account: Uuid,
    /// `order.confirmed`, `order.shipped`, ...
    pub kind: String,
    /// What it is about: a `TypeID`.
    pub subject: String,
}

/// What an account was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The event's.
    pub id: Uuid,
    /// `order.confirmed`, `order.shipped`, ...
    pub kind: String,
    /// What it is about: a `TypeID`.
    pub subject: String,
    /// When it came.
    pub created_at: OffsetDateTime,
    /// When it was read, if it was.
    pub read_at: Option<OffsetDateTime>,
}
