//! Revocations, as gateways follow them.

use std::time::Duration;

use db::Tx;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

/// How long a revocation is kept: well beyond the life of an access token.
pub const AGE: Duration = Duration::from_hours(1);

/// Tokens of this account with a lower epoch are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The account.
    pub account_id: Uuid,
    /// Its epoch now.
    pub session_epoch: i64,
}

/// Notes that an epoch rose.
///
/// # Errors
/// When the statement failed.
pub async fn note(tx: &mut Tx, account: Uuid, epoch: i64) -> Result<(), db::Error> {
    let noted = query!(
        "insert into revocations (account_id, session_epoch) values ($1, $2)
        on conflict (account_id) do update
        set session_epoch = excluded.session_epoch, raised_in = pg_current_xact_id(), raised_at = now()",
        account,
        epoch
    );
    noted.execute(&mut *tx).await?;
    Ok(())
}

/// The transaction from which on some may not be seen yet. Asked for before the list: whatever the list misses is not
/// older than this.
///
/// # Errors
/// When the statement failed.
pub async fn horizon(tx: &mut Tx) -> Result<String, db::Error> {
    let horizon =
        query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text as "xmin!""#);
    Ok(horizon.fetch_one(&mut *tx).await?)
}

/// Lists what was raised in transaction `horizon` or later.
///
/// # Errors
/// When the statement failed.
pub async fn since(tx: &mut Tx, horizon: &str) -> Result<Vec<Revocation>, db::Error> {
    let found = query_as!(
        Revocation,
        "select account_id, session_epoch from revocations where raised_in >= $1::text::xid8",
        horizon
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Lists all that are kept.
///
/// # Errors
/// When the statement failed.
pub async fn all(tx: &mut Tx) -> Result<Vec<Revocation>, db::Error> {
    let found = query_as!(
        Revocation,
        "select account_id, session_epoch from revocations"
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Removes those older than [`AGE`], at most `most`; tells how many.
///
/// # Errors
/// When the statement failed.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, db::Error> {
    let pruned = query!(
        "delete from revocations where account_id in (
            select account_id from revocations
            where raised_at < now() - make_interval(secs => $1)
            limit $2 for update skip locked
        )",
        AGE.as_secs_f64(),
        most
    );
    Ok(pruned.execute(&mut *tx).await?.rows_affected())
}
