//! Taking the money of orders.

use std::collections::HashMap;

use db::Tx;
use futures::future::{BoxFuture, FutureExt as _};
use uuid::Uuid;

use crate::domain::wallet::{Charge, Charged, Till};
use crate::store::{payments, transfers, wallets};
use crate::{Error, Tools};

/// Takes the money of an order, or finds what was decided of it.
///
/// # Errors
/// [`Error::KeyReused`] when the order was charged to another account or amount; [`Error::Database`].
pub async fn run(tools: &Tools, charge: Charge) -> Result<Charged, Error> {
    match tools.charges.submit(charge).await? {
        Charged::Other => Err(Error::KeyReused),
        outcome => Ok(outcome),
    }
}

/// Decides all of `charges` in one transaction, one after another.
pub fn together<'t>(
    tx: &'t mut Tx,
    charges: &'t [Charge],
) -> BoxFuture<'t, Result<Vec<Charged>, db::Error>> {
    decide(tx, charges).boxed()
}

async fn decide(tx: &mut Tx, charges: &[Charge]) -> Result<Vec<Charged>, db::Error> {
    let new = payments::insert_charged(tx, charges).await?;
    let (new, old): (Vec<&Charge>, Vec<&Charge>) = charges
        .iter()
        .partition(|charge| new.contains(&charge.order));
    let found = if old.is_empty() {
        HashMap::new()
    } else {
        payments::lock(tx, &ids(&old, |charge| charge.order)).await?
    };
    let balances = balances(tx, &ids(&new, |charge| charge.account)).await?;
    let mut till = Till::default().with_payments(found).with_balances(balances);
    let outcomes = charges.iter().map(|charge| till.charge(charge)).collect();
    write(tx, &till).await?;
    Ok(outcomes)
}

/// What each of `accounts` has. Who never had money has a balance too: none.
async fn balances(tx: &mut Tx, accounts: &[Uuid]) -> Result<HashMap<Uuid, i64>, db::Error> {
    let mut balances = wallets::lock(tx, accounts).await?;
    let without: Vec<Uuid> = accounts
        .iter()
        .filter(|account| !balances.contains_key(account))
        .copied()
        .collect();
    if !without.is_empty() {
        let known = wallets::known(tx, &without).await?;
        balances.extend(known.into_iter().map(|account| (account, 0)));
    }
    Ok(balances)
}

async fn write(tx: &mut Tx, till: &Till) -> Result<(), db::Error> {
    let mut payments = till.new_payments();
    // Those that are charged were written as charged.
    payments.retain(|_, payment| payment.payer().is_none());
    payments::write(tx, &payments).await?;
    transfers::insert(tx, till.new_transfers()).await?;
    wallets::write(tx, &till.new_balances()).await
}

/// Each once.
fn ids(charges: &[&Charge], id: impl Fn(&Charge) -> Uuid) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = charges.iter().map(|charge| id(charge)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
