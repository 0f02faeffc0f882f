//! Wrong passwords in a row.

use std::time::Duration;

use db::Tx;
use sqlx::{query, query_scalar};

/// How long wrong passwords are counted together.
pub const AGE: Duration = Duration::from_hours(24);

/// How long `identity` has still to wait, if it has.
///
/// # Errors
/// When the statement failed.
pub async fn wait(tx: &mut Tx, identity: &[u8; 32]) -> Result<Option<Duration>, db::Error> {
    let seconds = query_scalar!(
        r#"select extract(epoch from locked_until - now())::float8 as "seconds!" from lockouts
        where identity = $1 and locked_until > now()"#,
        &identity[..]
    );
    let seconds = seconds.fetch_optional(&mut *tx).await?;
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}

/// Counts one more wrong password of `identity`, and lets `wait` say from their number how long the next one waits. The row
/// is locked in between, so of many at once each is counted.
///
/// # Errors
/// When a statement failed.
pub async fn count(
    tx: &mut Tx,
    identity: &[u8; 32],
    wait: fn(u32) -> Duration,
) -> Result<(), db::Error> {
    let failures = query_scalar!(
        "insert into lockouts (identity) values ($1)
        on conflict (identity) do update set failures = lockouts.failures + 1, failed_at = now()
        returning failures",
        &identity[..]
    );
    let failures = failures.fetch_one(&mut *tx).await?;
    let wait = wait(failures.unsigned_abs());
    if !wait.is_zero() {
        let locked = query!(
            "update lockouts set locked_until = now() + make_interval(secs => $2) where identity = $1",
            &identity[..],
            wait.as_secs_f64()
        );
        locked.execute(&mut *tx).await?;
    }
    Ok(())
}

/// Forgets the wrong passwords of `identity`: a right one came.
///
/// # Errors
/// When the statement failed.
pub async fn clear(tx: &mut Tx, identity: &[u8; 32]) -> Result<(), db::Error> {
    query!("delete from lockouts where identity = $1", &identity[..])
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Removes those whose last wrong password is older than [`AGE`], at most `most`; tells how many.
///
/// # Errors
/// When the statement failed.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, db::Error> {
    let pruned = query!(
        "delete from lockouts where identity in (
            select identity from lockouts
            where failed_at < now() - make_interval(secs => $1)
            limit $2 for update skip locked
        )",
        AGE.as_secs_f64(),
        most
    );
    Ok(pruned.execute(&mut *tx).await?.rows_affected())
}
