//! Sagas as those see them who look after them.

use std::time::Duration;

use db::{Error, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

/// A saga as those see it who look after it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// What it works for.
    pub subject: Uuid,
    /// The process that works on it.
    pub owner: String,
    /// Counts its claims.
    pub epoch: i64,
    /// Until when its owner may work on it.
    pub leased_until: OffsetDateTime,
    /// `forward` or `undo`.
    pub direction: String,
    /// Why it is undone; else empty.
    pub reason: String,
    /// From when on it turns back rather than repeat.
    pub settle_by: OffsetDateTime,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it ended, if it has.
    pub ended_at: Option<OffsetDateTime>,
}

/// Finds a saga.
///
/// # Errors
/// Only what concerns the database.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Entry>, Error> {
    let found = sqlx::query_as!(Entry, "select * from sagas where id = $1", id)
        .fetch_optional(&mut *tx)
        .await?;
    Ok(found)
}

/// Lists sagas below `before`, newest first; only those that have not ended where `open`.
///
/// # Errors
/// Only what concerns the database.
pub async fn list(
    tx: &mut Tx,
    before: Option<Uuid>,
    rows: i64,
    open: bool,
) -> Result<Vec<Entry>, Error> {
    let before = before.unwrap_or(Uuid::max());
    let found = sqlx::query_as!(
        Entry,
        "select * from sagas where id < $1 and (not $3 or ended_at is null) order by id desc limit $2",
        before,
        rows,
        open,
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(found)
}

/// Lists the sagas that work for `subject` below `before`, newest first; only those that have not ended where `open`.
///
/// # Errors
/// Only what concerns the database.
pub async fn list_of(
    tx: &mut Tx,
    subject: Uuid,
    before: Option<Uuid>,
    rows: i64,
    open: bool,
) -> Result<Vec<Entry>, Error> {
    let before = before.unwrap_or(Uuid::max());
    let found = sqlx::query_as!(
        Entry,
        "select * from sagas where subject = $4 and id < $1 and (not $3 or ended_at is null) order by id desc limit $2",
        before,
        rows,
        open,
        subject,
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(found)
}

/// Makes a saga that has not ended due at once. Whoever holds it is fenced off by the next claim.
///
/// # Errors
/// Only what concerns the database.
pub async fn make_due(tx: &mut Tx, id: Uuid) -> Result<Option<Entry>, Error> {
    let due = sqlx::query_as!(
        Entry,
        "update sagas set leased_until = clock_timestamp() where id = $1 and ended_at is null returning *",
        id,
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(due)
}

/// Removes some of the sagas that ended more than `age` ago, and tells how many.
///
/// # Errors
/// Only what concerns the database.
pub async fn prune(tx: &mut Tx, age: Duration, most: i64) -> Result<u64, Error> {
    // Ids sort by time: what is old is found at the low end of the primary key.
    let oldest = uuid::Timestamp::now(uuid::NoContext).to_unix().0;
    let before =
        uuid::Timestamp::from_unix(uuid::NoContext, oldest.saturating_sub(age.as_secs()), 0);
    let pruned = sqlx::query!(
        "delete from sagas where id = any (array(
            select id from sagas where id < $3 and ended_at < clock_timestamp() - make_interval(secs => $1)
            order by id limit $2 for update skip locked))",
        age.as_secs_f64(),
        most,
        Uuid::new_v7(before),
    )
    .execute(&mut *tx)
    .await?;
    Ok(pruned.rows_affected())
}
