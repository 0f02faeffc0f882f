//! What administrators do, as it is kept. No I/O, no clock, no chance.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

/// One administrative act.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// Sorts by the time it was done.
    pub id: Uuid,
    /// The account that acted.
    pub actor: Uuid,
    /// What was done: `product.update`.
    pub action: String,
    /// What it was done to, as callers write it.
    pub subject: String,
    /// The subject before, if it existed.
    pub before: Option<Value>,
    /// The subject after, if it still exists.
    pub after: Option<Value>,
    /// When it was done.
    pub acted_at: OffsetDateTime,
}
