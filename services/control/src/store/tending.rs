//! What an instance asks and says by the clock: what is due, who still waits here, that it lives.

use std::time::Duration;

use db::{Error, Tx};
use sqlx::{query, query_as, query_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

/// A claim of somebody who waits at an instance, or did.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The lock.
    pub name: String,
    /// Who.
    pub owner: String,
    /// The request.
    pub id: Uuid,
    /// The call.
    pub attempt: Uuid,
    /// The fencing token, where it has the lock.
    pub token: Option<i64>,
    /// Since when it has it.
    pub granted_at: Option<OffsetDateTime>,
    /// Until when it has it.
    pub expires_at: Option<OffsetDateTime>,
    /// Whether its owner claims other locks too.
    pub crowded: bool,
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of those who hold a lock.
    pub held: i64,
    /// Of those who wait for one.
    pub waiting: i64,
}

/// A lock that is held for longer than was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Which lock.
    pub name: String,
    /// Who holds it.
    pub owner: String,
    /// The grant.
    pub token: i64,
    /// Since when.
    pub granted_at: OffsetDateTime,
    /// Since when it is overdue.
    pub overdue_since: OffsetDateTime,
}

/// Says that `instance` lives for a while yet.
///
/// # Errors
/// When the statement failed.
pub async fn live(tx: &mut Tx, instance: Uuid, alive: Duration) -> Result<(), Error> {
    let lives = query!(
        "insert into lock_instances (id, alive_until) values ($1, clock_timestamp() + make_interval(secs => $2))
        on conflict (id) do update set alive_until = excluded.alive_until",
        instance,
        alive.as_secs_f64()
    );
    lives.execute(&mut *tx).await?;
    Ok(())
}

/// Finds locks of which a lease or a wait may be over.
///
/// # Errors
/// When the statement failed.
pub async fn due(tx: &mut Tx, most: i64) -> Result<Vec<String>, Error> {
    // Not `clock_timestamp()`, which may change from row to row: no index can be searched by it.
    let due = query_scalar!(
        r#"select name as "name!" from (
            select name from lock_claims where token is not null and expires_at < statement_timestamp()
            union
            select name from lock_claims where token is null and waits_until < statement_timestamp()
            union
            select name from lock_claims c left join lock_instances i on i.id = c.instance
            where token is null and coalesce(i.alive_until < statement_timestamp(), true)) as due
        limit $1"#,
        most
    );
    Ok(due.fetch_all(&mut *tx).await?)
}

/// Finds the claims of `attempts`, and of all others who wait at `instance`.
///
/// # Errors
/// When the statement failed.
pub async fn at(tx: &mut Tx, instance: Uuid, attempts: &[Uuid]) -> Result<Vec<Kept>, Error> {
    let kept = query_as!(
        Kept,
        r#"select name, owner, id, attempt, token, granted_at, expires_at,
            exists (select from lock_claims o where o.owner = c.owner and o.name <> c.name) as "crowded!"
        from lock_claims c
        where instance = $1 and token is null or attempt = any($2)"#,
        instance,
        attempts
    );
    Ok(kept.fetch_all(&mut *tx).await?)
}

/// Counts who holds and who waits.
///
/// # Errors
/// When the statement failed.
pub async fn counts(tx: &mut Tx) -> Result<Counts, Error> {
    let counts = query_as!(
        Counts,
        r#"select count(token) as "held!", count(*) - count(token) as "waiting!" from lock_claims"#
    );
    Ok(counts.fetch_one(&mut *tx).await?)
}

/// Lists the locks that are held for longer than was meant, the longest first.
///
/// # Errors
/// When the statement failed.
pub async fn overdue(tx: &mut Tx, most: i64) -> Result<Vec<Overdue>, Error> {
    let overdue = query_as!(
        Overdue,
        r#"select name, owner, token as "token!", granted_at as "granted_at!", since as "overdue_since!"
        from lock_claims, lateral (select granted_at + max_hold_ms * interval '1 ms' as since) as meant
        where token is not null and max_hold_ms is not null and since < clock_timestamp()
        order by since limit $1"#,
        most
    );
    Ok(overdue.fetch_all(&mut *tx).await?)
}

/// Which of `tokens` are those of a lock that is held.
///
/// # Errors
/// When the statement failed.
pub async fn held(tx: &mut Tx, tokens: &[i64]) -> Result<Vec<i64>, Error> {
    let held = query_scalar!(
        r#"select token as "token!" from lock_claims where token = any($1)"#,
        tokens
    );
    Ok(held.fetch_all(&mut *tx).await?)
}

/// Removes what has outlived its use, and tells how many rows.
///
/// # Errors
/// When a statement failed.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, Error> {
    let ends = query!(
        "delete from lock_ends where id = any (array(
            select id from lock_ends where ended_at < clock_timestamp() - interval '10 minutes'
            order by ended_at limit $1 for update skip locked))",
        most
    );
    let ends = ends.execute(&mut *tx).await?.rows_affected();
    let instances = query!(
        "delete from lock_instances where alive_until < clock_timestamp() - interval '1 hour'"
    );
    Ok(ends + instances.execute(&mut *tx).await?.rows_affected())
}
