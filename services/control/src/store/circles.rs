//! Who waits for whom, over all locks.

use db::{Error, Tx};
use sqlx::query_scalar;

/// Stands for the whole of who waits for whom, among the keys of `pg_advisory_xact_lock`.
const ALL: i64 = 1;

/// Lets nobody else look for circles until this transaction has ended: of two waits that would close one together, the
/// second to look sees the first. Taken after the guards of all locks, so that nobody waits on each other here.
///
/// # Errors
/// When the statement failed.
pub async fn guard(tx: &mut Tx) -> Result<(), Error> {
    let guarded = query_scalar!("select pg_advisory_xact_lock($1)", ALL);
    guarded.execute(&mut *tx).await?;
    Ok(())
}

/// Whether `owner` would wait for itself if it waited for the lock called `name`. Somebody waits for those who hold a lock and
/// those who wait before it, unless both share it.
///
/// # Errors
/// When the statement failed.
pub async fn closes(tx: &mut Tx, name: &str, owner: &str) -> Result<bool, Error> {
    let closes = query_scalar!(
        r#"with recursive
            waits as (
                select w.name, w.owner, b.owner as before from lock_claims w join lock_claims b
                    on b.name = w.name and b.owner <> w.owner and (w.exclusive or b.exclusive)
                        and (b.expires_at > clock_timestamp() or b.token is null and b.place < w.place)
                where w.token is null),
            reached (owner) as (
                select before from waits where name = $1 and owner = $2
                union
                select before from reached join waits using (owner))
        select exists (select from reached where owner = $2) as "closes!""#,
        name,
        owner
    );
    Ok(closes.fetch_one(&mut *tx).await?)
}
