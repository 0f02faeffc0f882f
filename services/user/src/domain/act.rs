//! What administrators did.

use time::OffsetDateTime;
use uuid::Uuid;

/// One administrative act, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// Sorts by the time it was done.
    pub id: Uuid,
    /// The account that acted.
    pub actor: Uuid,
    /// What was done.
    pub action: String,
    /// What it was done to, as callers write it.
    pub subject: String,
    /// The subject before, if it existed.
    pub before: Option<serde_json::Value>,
    /// The subject after, if it still exists.
    pub after: Option<serde_json::Value>,
    /// When it was done.
    pub acted_at: OffsetDateTime,
}
