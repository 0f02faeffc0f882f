//! What administrators did.

use db::Tx;
use serde_json::Value;
use sqlx::{query, query_as};
use uuid::Uuid;

use crate::domain::act::Act;

/// An act that is to be kept.
#[derive(Clone, Debug)]
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

/// Keeps acts, in the transaction of the acts themselves: one without the other does not happen.
///
/// # Errors
/// When the statement failed.
pub async fn insert(tx: &mut Tx, acts: &[New]) -> Result<(), db::Error> {
    let column = |part: fn(&New) -> Uuid| acts.iter().map(part).collect::<Vec<_>>();
    let json = |part: fn(&New) -> &Option<Value>| acts.iter().map(part).cloned().collect();
    let (before, after): (Vec<_>, Vec<_>) = (json(|act| &act.before), json(|act| &act.after));
    let kept = query!(
        "insert into audit (id, actor_id, action, subject, before, after)
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[])",
        &column(|act| act.id),
        &column(|act| act.actor),
        &acts.iter().map(|act| act.action.to_owned()).collect::<Vec<_>>(),
        &acts.iter().map(|act| act.subject.clone()).collect::<Vec<_>>(),
        &before as &[Option<Value>],
        &after as &[Option<Value>]
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
