//! One key, one answer.

use std::collections::{HashMap, HashSet};

use db::{Error, Tx};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::key::{Key, Name};
use crate::domain::new_order::Refusal;

/// For how long keys are kept that are not of orders.
const DAYS: f64 = 7.0;

/// A key that is to stand for something from now on, if nobody sent it before.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The key.
    pub key: &'a Key,
    /// The order it will stand for, if it will stand for one.
    pub order: Option<Uuid>,
    /// Whether it is kept for ever, as those are with which orders are placed.
    pub lasting: bool,
}

/// What a key stands for.
#[derive(Clone, Debug)]
pub struct Known {
    /// The hash of the request that it was first sent with.
    pub hash: Vec<u8>,
    /// Since when it stands for that.
    pub since: OffsetDateTime,
    /// The order it stands for.
    pub order: Option<Uuid>,
    /// The answer it got, where that is not an order.
    pub answer: Option<Value>,
}

/// Claims keys and answers for each when that was; nothing for one that was sent before, in this slice too. Waits for
/// whoever is claiming the same key, so that no two ever hold it.
///
/// # Errors
/// Only what concerns all of them.
pub async fn claim(
    tx: &mut Tx,
    claims: &[Claim<'_>],
) -> Result<Vec<Option<OffsetDateTime>>, Error> {
    let mut claimed = insert(tx, &sorted(claims)).await?;
    // The first of a name takes what the database gave it; the next one finds nothing.
    let take = |claim: &Claim<'_>| claimed.remove(claim.key.name());
    Ok(claims.iter().map(take).collect())
}

/// One of each name, the first, sorted: two groups with the same keys wait on each other in one order.
fn sorted<'a>(claims: &[Claim<'a>]) -> Vec<Claim<'a>> {
    let mut seen = HashSet::new();
    let first = claims.iter().filter(|claim| seen.insert(claim.key.name()));
    let mut first: Vec<_> = first.copied().collect();
    first.sort_by(|a, b| a.key.name().cmp(b.key.name()));
    first
}

async fn insert(tx: &mut Tx, claims: &[Claim<'_>]) -> Result<HashMap<Name, OffsetDateTime>, Error> {
    let names = Columns::of(claims.iter().map(|claim| claim.key));
    let hashes: Vec<&[u8]> = claims.iter().map(|claim| claim.key.hash()).collect();
    let orders: Vec<Option<Uuid>> = claims.iter().map(|claim| claim.order).collect();
    let days: Vec<Option<f64>> = claims
        .iter()
        .map(|claim| (!claim.lasting).then_some(DAYS))
        .collect();
    let rows = sqlx::query!(
        r#"insert into keys (account_id, route, key, hash, order_id, expires_at)
        select account_id, route, key, hash, order_id, now() + make_interval(secs => days * 86400)
        from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::uuid[], $6::float8[])
            as new (account_id, route, key, hash, order_id, days)
        on conflict do nothing
        returning account_id as account, route, key as text, created_at"#,
        &names.accounts,
        &names.routes as &[&str],
        &names.texts as &[&str],
        &hashes as &[&[u8]],
        &orders as &[Option<Uuid>],
        &days as &[Option<f64>],
    )
    .fetch_all(&mut *tx)
    .await?;
    let claimed = rows.into_iter().map(|row| {
        let name = Name {
            account: row.account,
            route: row.route,
            text: row.text,
        };
        (name, row.created_at)
    });
    Ok(claimed.collect())
}

/// Finds what keys stand for, in a statement that begins after they were claimed.
///
/// # Errors
/// Only what concerns all of them.
pub async fn find(tx: &mut Tx, keys: &[&Key]) -> Result<Vec<Option<Known>>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let names = Columns::of(keys.iter().copied());
    // The limit keeps the planner to one look into the primary key for each.
    let rows = sqlx::query!(
        r#"select place as "place!", hash as "hash!", created_at as "since!", order_id as "order?", answer as "answer?"
        from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as wanted (account_id, route, key, place),
            lateral (
                select hash, created_at, order_id, answer from keys
                where (keys.account_id, keys.route, keys.key) = (wanted.account_id, wanted.route, wanted.key)
                limit 1) as known"#,
        &names.accounts,
        &names.routes as &[&str],
        &names.texts as &[&str],
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut found = vec![None; keys.len()];
    for row in rows {
        let place = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
        if let Some(found) = found.get_mut(place) {
            *found = Some(Known {
                hash: row.hash,
                since: row.since,
                order: row.order,
                answer: row.answer,
            });
        }
    }
    Ok(found)
}

/// Binds an answer to keys that the same transaction has claimed, or that have none yet. They then stand for no order.
///
/// # Errors
/// Only what concerns all of them.
pub async fn answer(tx: &mut Tx, answers: &[(&Key, Value)]) -> Result<(), Error> {
    if answers.is_empty() {
        return Ok(());
    }
    let names = Columns::of(answers.iter().map(|answer| answer.0));
    let values: Vec<Value> = answers.iter().map(|answer| answer.1.clone()).collect();
    sqlx::query!(
        "update keys set answer = given.answer, order_id = null
        from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[]) as given (account_id, route, key, answer)
        where (keys.account_id, keys.route, keys.key) = (given.account_id, given.route, given.key)
            and keys.answer is null",
        &names.accounts,
        &names.routes as &[&str],
        &names.texts as &[&str],
        &values,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Writes a refusal as the answer to its key.
pub fn written(refusal: &Refusal) -> Value {
    serde_json::to_value(refusal).expect("a refusal is made of texts")
}

/// Reads the refusal that is the answer to a key, if it is one.
pub fn read(known: &Known) -> Option<Refusal> {
    serde_json::from_value(known.answer.clone()?).ok()
}

/// Removes some of the keys that have expired, and tells how many.
///
/// # Errors
/// Only what concerns the database.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, Error> {
    let pruned = sqlx::query!(
        "delete from keys where ctid = any (array(
            select ctid from keys where expires_at < now() order by expires_at limit $1
            for update skip locked))",
        most,
    )
    .execute(&mut *tx)
    .await?;
    Ok(pruned.rows_affected())
}

struct Columns<'a> {
    accounts: Vec<Uuid>,
    routes: Vec<&'a str>,
    texts: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(keys: impl Iterator<Item = &'a Key> + Clone) -> Self {
        let names = keys.map(Key::name);
        Self {
            accounts: names.clone().map(|name| name.account).collect(),
            routes: names.clone().map(|name| name.route.as_str()).collect(),
            texts: names.map(|name| name.text.as_str()).collect(),
        }
    }
}
