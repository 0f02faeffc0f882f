//! Signing keys, sealed.

use std::time::Duration;

use db::Tx;
use sqlx::{query, query_as, query_scalar};
use time::OffsetDateTime;

/// A key as it is kept.
#[derive(Clone, Debug)]
pub struct Row {
    /// Names it.
    pub kid: String,
    /// PKCS #8, sealed.
    pub sealed: Vec<u8>,
    /// When it begins to sign.
    pub active_from: OffsetDateTime,
}

/// Keeps everyone else from adding keys until the transaction ends: of many instances one makes the next key. What is
/// read after it is what the others have left.
///
/// # Errors
/// When the statement failed.
pub async fn lock(tx: &mut Tx) -> Result<(), db::Error> {
    query!("lock table signing_keys in share row exclusive mode")
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// The moment now, by the clock that all instances share.
///
/// # Errors
/// When the statement failed.
pub async fn now(tx: &mut Tx) -> Result<OffsetDateTime, db::Error> {
    let now = query_scalar!(r#"select clock_timestamp() as "now!""#);
    Ok(now.fetch_one(&mut *tx).await?)
}

/// Lists all keys, those that sign first first.
///
/// # Errors
/// When the statement failed.
pub async fn list(tx: &mut Tx) -> Result<Vec<Row>, db::Error> {
    let found = query_as!(
        Row,
        "select kid, sealed, active_from from signing_keys order by active_from"
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Adds a key.
///
/// # Errors
/// When the statement failed.
pub async fn insert(tx: &mut Tx, key: &Row) -> Result<(), db::Error> {
    let added = query!(
        "insert into signing_keys (kid, sealed, active_from) values ($1, $2, $3)",
        key.kid,
        key.sealed,
        key.active_from
    );
    added.execute(&mut *tx).await?;
    Ok(())
}

/// Removes the keys whose follower has been signing for `trail`; tells how many.
///
/// # Errors
/// When the statement failed.
pub async fn prune(tx: &mut Tx, trail: Duration) -> Result<u64, db::Error> {
    let pruned = query!(
        "delete from signing_keys k where exists (
            select from signing_keys next
            where next.active_from > k.active_from and next.active_from <= now() - make_interval(secs => $1)
        )",
        trail.as_secs_f64()
    );
    Ok(pruned.execute(&mut *tx).await?.rows_affected())
}
