//! The judge of each order: whether it was charged, and whether that went back.

mod locked;

use std::collections::{BTreeMap, HashSet};

use db::{Error, Tx};
use uuid::Uuid;

use crate::domain::wallet::Charge;

pub use locked::{lock, write};

/// Writes each order as charged, unless it has a row; answers those it wrote. The first of two equal orders counts.
///
/// Charged before anybody looked into the wallet: nobody sees it before the commit, most charges are good, and those that
/// are not are voided by [`write()`]. So a charge writes its payment once.
///
/// # Errors
/// What the database met.
pub async fn insert_charged(tx: &mut Tx, charges: &[Charge]) -> Result<HashSet<Uuid>, Error> {
    // Sorted, so that two groups with the same orders do not wait on each other; the second waits for the first.
    let charges: BTreeMap<Uuid, &Charge> = charges
        .iter()
        .rev()
        .map(|charge| (charge.order, charge))
        .collect();
    let orders: Vec<Uuid> = charges.keys().copied().collect();
    let accounts: Vec<Uuid> = charges.values().map(|charge| charge.account).collect();
    let amounts: Vec<i64> = charges.values().map(|charge| charge.amount).collect();
    let inserted = sqlx::query_scalar!(
        "insert into payments (order_id, account_id, amount, state)
         select *, 'charged' from unnest($1::uuid[], $2::uuid[], $3::bigint[])
         on conflict do nothing returning order_id",
        &orders,
        &accounts,
        &amounts
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(inserted.into_iter().collect())
}

/// Bars the charge of each of `orders` that has no row yet.
///
/// # Errors
/// What the database met.
pub async fn insert_void(tx: &mut Tx, orders: &[Uuid]) -> Result<(), Error> {
    let mut orders = orders.to_vec();
    orders.sort_unstable();
    // A charge that is under way is waited for here; afterwards its row is there to be locked.
    sqlx::query!(
        "insert into payments (order_id, state, reason) select *, 'void', 'voided' from unnest($1::uuid[])
         on conflict do nothing",
        &orders
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
