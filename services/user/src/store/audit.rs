//! What administrators did.

use db::Tx;
use serde_json::Value;
use sqlx::{query, query_as};
use uuid::Uuid;

use crate::domain::Act;

/// An act that is to be kept.
#[derive(Debug)]
pub struct New {
    /// Sorts by the time it was done.
    pub id: Uuid,
    /// The account that acted.
    pub actor: Uuid,
    /// What was done.
    pub action: &'static str,
    /// What it was done to, as callers write it.
    pub subject: String,
    /// The subject before, if it existed.
    pub before: Option<Value>,
    /// The subject after, if it still exists.
    pub after: Option<Value>,
}

/// Keeps an act, in the transaction of the act itself: one without the other does not happen.
///
/// # Errors
/// When the statement failed.
pub async fn insert(tx: &mut Tx, act: New) -> Result<(), db::Error> {
    let kept = query!(
        "insert into audit (id, actor_id, action, subject, before, after) values ($1, $2, $3, $4, $5, $6)",
        act.id,
        act.actor,
        act.action,
        act.subject,
        act.before,
        act.after
    );
    kept.execute(&mut *tx).await?;
    Ok(())
}

/// Lists acts, the last one first, from behind `after` on: of one subject or by one account, where given.
///
/// # Errors
/// When the statement failed.
pub async fn list(
    tx: &mut Tx,
    subject: Option<&str>,
    actor: Option<Uuid>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Act>, db::Error> {
    let found = query_as!(
        Act,
        "select id, actor_id as actor, action, subject, before, after, acted_at from audit
        where ($1::text is null or subject = $1)
            and ($2::uuid is null or actor_id = $2)
            and id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        order by id desc
        limit $4",
        subject,
        actor,
        after,
        rows
    );
    Ok(found.fetch_all(&mut *tx).await?)
}
