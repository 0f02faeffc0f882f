//! Sessions.

use std::time::Duration;

use auth::same;
use db::Tx;
use sqlx::{query, query_as, query_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many sessions an account has at most; beyond that the one unused for longest ends.
pub const MOST: i64 = 50;
/// How many traded tokens of a session are remembered; an older one is refused all the same, only not as stolen.
pub const REMEMBERED: i32 = 100;
/// For how long a token that was traded is answered the same again: two tabs of one browser send it at the same moment.
/// Whoever comes later with it has stolen it, or was stolen from.
pub const GRACE: Duration = Duration::from_secs(10);

/// A session that is locked.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose it is.
    pub account_id: Uuid,
    /// The hash of the token that is good.
    pub token_hash: Vec<u8>,
    /// The hashes of those that were.
    pub traded: Vec<Vec<u8>>,
    /// The token that is good, masked by the one before it.
    pub successor: Option<Vec<u8>>,
    /// Whether the last trade was within [`GRACE`].
    pub just_traded: bool,
    /// Whether it has ended by its age.
    pub expired: bool,
}

impl Session {
    /// What `given` was traded for a moment ago, masked; nothing, where it was not.
    pub fn successor_of(&self, given: &[u8; 32]) -> Option<[u8; 32]> {
        let last = self.traded.last()?;
        let again = self.just_traded && !self.expired && same(last, given);
        let successor = self.successor.as_deref().filter(|_| again)?;
        successor.try_into().ok()
    }
}

/// A session, as its owner is told of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Names it.
    pub id: Uuid,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When its token was last traded.
    pub renewed_at: OffsetDateTime,
    /// When it ends unless renewed.
    pub expires_at: OffsetDateTime,
}

/// Begins a session of an account that the transaction holds, and ends the oldest if there are too many.
///
/// # Errors
/// When a statement failed.
pub async fn begin(
    tx: &mut Tx,
    account: Uuid,
    id: Uuid,
    token_hash: &[u8; 32],
    life: Duration,
) -> Result<(), db::Error> {
    // The id is this request's key: finding it again means that an earlier attempt was kept after all.
    let begun = query!(
        "insert into sessions (id, account_id, token_hash, expires_at)
        values ($1, $2, $3, now() + make_interval(secs => $4))
        on conflict (id) do nothing",
        id,
        account,
        &token_hash[..],
        life.as_secs_f64()
    );
    begun.execute(&mut *tx).await?;
    let ended = query!(
        "delete from sessions where id in (
            select id from sessions where account_id = $1 order by renewed_at desc, id desc offset $2
        )",
        account,
        MOST
    );
    ended.execute(&mut *tx).await?;
    Ok(())
}

/// Tells whose session it is. Locks nothing: accounts are locked before sessions.
///
/// # Errors
/// When the statement failed.
pub async fn owner(tx: &mut Tx, id: Uuid) -> Result<Option<Uuid>, db::Error> {
    let owner = query_scalar!("select account_id from sessions where id = $1", id);
    Ok(owner.fetch_optional(&mut *tx).await?)
}

/// Finds a session and locks it: of two who trade one token at once, the second finds it traded.
///
/// # Errors
/// When the statement failed.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Session>, db::Error> {
    let found = query_as!(
        Session,
        r#"select account_id, token_hash, traded, successor, expires_at <= now() as "expired!",
            now() - renewed_at <= make_interval(secs => $2) as "just_traded!"
        from sessions where id = $1 for update"#,
        id,
        GRACE.as_secs_f64()
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Trades the token of a locked session for the one with `next`, and keeps that one as `successor`.
///
/// # Errors
/// When the statement failed.
pub async fn trade(
    tx: &mut Tx,
    id: Uuid,
    next: &[u8; 32],
    successor: &[u8; 32],
    life: Duration,
) -> Result<(), db::Error> {
    let traded = query!(
        "update sessions
        set traded = (traded || token_hash)[greatest(cardinality(traded) + 2 - $3, 1):], token_hash = $2,
            successor = $5, renewed_at = now(), expires_at = now() + make_interval(secs => $4)
        where id = $1",
        id,
        &next[..],
        REMEMBERED,
        life.as_secs_f64(),
        &successor[..]
    );
    traded.execute(&mut *tx).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// When the statement failed.
pub async fn end(tx: &mut Tx, id: Uuid) -> Result<(), db::Error> {
    query!("delete from sessions where id = $1", id)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Ends all sessions of an account.
///
/// # Errors
/// When the statement failed.
pub async fn end_all(tx: &mut Tx, account: Uuid) -> Result<(), db::Error> {
    query!("delete from sessions where account_id = $1", account)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Lists the sessions of an account.
///
/// # Errors
/// When the statement failed.
pub async fn list(tx: &mut Tx, account: Uuid) -> Result<Vec<Told>, db::Error> {
    let found = query_as!(
        Told,
        "select id, created_at, renewed_at, expires_at from sessions where account_id = $1 order by id",
        account
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Removes those that have expired, at most `most`; tells how many.
///
/// # Errors
/// When the statement failed.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, db::Error> {
    let pruned = query!(
        "delete from sessions where id in (
            select id from sessions where expires_at <= now() limit $1 for update skip locked
        )",
        most
    );
    Ok(pruned.execute(&mut *tx).await?.rows_affected())
}
