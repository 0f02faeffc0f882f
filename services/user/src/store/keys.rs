//! What was answered to requests with a key.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use db::{Error, Tx};
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::wallet::{Key, Receipt, TopUp};

/// Writes the keys of `top_ups` that are not there yet; answers those. The first of two equal keys counts.
///
/// # Errors
/// What the database met.
pub async fn insert(tx: &mut Tx, top_ups: &[TopUp]) -> Result<BTreeSet<Key>, Error> {
    // Sorted, so that two groups with the same keys do not wait on each other; the second waits for the first.
    let wanted: BTreeMap<&Key, &[u8]> = top_ups
        .iter()
        .rev()
        .map(|job| (&job.key, job.hash.as_slice()))
        .collect();
    let (accounts, routes, keys) = columns(wanted.keys().copied());
    let hashes: Vec<&[u8]> = wanted.values().copied().collect();
    let rows = sqlx::query_as!(
        Key,
        "insert into keys (account, route, key, hash)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])
         on conflict do nothing returning account, route, key",
        &accounts,
        &routes as &[&str],
        &keys as &[&str],
        &hashes as &[&[u8]]
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Reads what `keys` were answered, with the hash each was first sent with. They are there: [`insert`] found them.
///
/// # Errors
/// What the database met.
pub async fn receipts(
    tx: &mut Tx,
    keys: &BTreeSet<Key>,
) -> Result<HashMap<Key, (Vec<u8>, Receipt)>, Error> {
    let (accounts, routes, keys) = columns(keys);
    let rows = sqlx::query!(
        r#"select account, route, key, hash, answer as "answer!: Json<Receipt>" from keys
           where (account, route, key) in (select * from unnest($1::uuid[], $2::text[], $3::text[]))"#,
        &accounts,
        &routes as &[&str],
        &keys as &[&str]
    )
    .fetch_all(&mut *tx)
    .await?;
    let found = rows.into_iter().map(|row| {
        let key = Key {
            account: row.account,
            route: row.route,
            key: row.key,
        };
        (key, (row.hash, row.answer.0))
    });
    Ok(found.collect())
}

/// Writes what keys of this transaction are answered.
///
/// # Errors
/// What the database met.
pub async fn answer(
    tx: &mut Tx,
    receipts: &BTreeMap<Key, (Vec<u8>, Receipt)>,
) -> Result<(), Error> {
    if receipts.is_empty() {
        return Ok(());
    }
    let (accounts, routes, keys) = columns(receipts.keys());
    let answers: Vec<Json<&Receipt>> = receipts.values().map(|(_, it)| Json(it)).collect();
    sqlx::query!(
        "update keys set answer = given.answer
         from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[]) as given (account, route, key, answer)
         where keys.account = given.account and keys.route = given.route and keys.key = given.key",
        &accounts,
        &routes as &[&str],
        &keys as &[&str],
        &answers as &[Json<&Receipt>]
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Takes keys back that this transaction has written: what was asked with them is not remembered.
///
/// # Errors
/// What the database met.
pub async fn release(tx: &mut Tx, keys: &BTreeSet<Key>) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let (accounts, routes, keys) = columns(keys);
    sqlx::query!(
        "delete from keys
         where (account, route, key) in (select * from unnest($1::uuid[], $2::text[], $3::text[]))",
        &accounts,
        &routes as &[&str],
        &keys as &[&str]
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Deletes some of the keys that are older than 7 days; answers how many.
///
/// # Errors
/// What the database met.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, Error> {
    // Somebody else's share is passed over, so that every replica may prune.
    let gone = sqlx::query!(
        "delete from keys where ctid = any (array(
             select ctid from keys where created_at < now() - interval '7 days'
             limit $1 for update skip locked))",
        most
    );
    Ok(gone.execute(&mut *tx).await?.rows_affected())
}

fn columns<'k>(keys: impl IntoIterator<Item = &'k Key>) -> (Vec<Uuid>, Vec<&'k str>, Vec<&'k str>) {
    let (mut accounts, mut routes, mut names) = (vec![], vec![], vec![]);
    for key in keys {
        accounts.push(key.account);
        routes.push(key.route.as_str());
        names.push(key.key.as_str());
    }
    (accounts, routes, names)
}
