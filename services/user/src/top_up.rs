//! Putting money into wallets.

use std::collections::BTreeSet;

use db::Tx;
use futures::future::{BoxFuture, FutureExt as _};
use uuid::Uuid;

use crate::domain::wallet::{Key, Receipt, Till, TopUp, ToppedUp};
use crate::store::{self, keys, transfers, wallets};
use crate::{Error, Tools};

/// Puts money into a wallet, once for each key; tells whether it was there already.
///
/// # Errors
/// [`Error::NotFound`] when there is no such account, [`Error::KeyReused`] when the key was sent with another request;
/// [`Error::Database`].
pub async fn run(tools: &Tools, top_up: TopUp) -> Result<(Receipt, bool), Error> {
    match tools.top_ups.submit(top_up).await? {
        ToppedUp::Done { receipt, replayed } => Ok((receipt, replayed)),
        ToppedUp::NoSuchAccount => Err(Error::NotFound("account")),
        ToppedUp::KeyReused => Err(Error::KeyReused),
    }
}

/// Decides all of `top_ups` in one transaction, one after another.
pub fn together<'t>(
    tx: &'t mut Tx,
    top_ups: &'t [TopUp],
) -> BoxFuture<'t, Result<Vec<ToppedUp>, db::Error>> {
    decide(tx, top_ups).boxed()
}

async fn decide(tx: &mut Tx, top_ups: &[TopUp]) -> Result<Vec<ToppedUp>, db::Error> {
    let new = keys::insert(tx, top_ups).await?;
    let all: BTreeSet<Key> = top_ups.iter().map(|top_up| top_up.key.clone()).collect();
    let accounts: Vec<Uuid> = new.iter().map(|key| key.account).collect();
    let accounts = wallets::keep_open(tx, &accounts).await?;
    wallets::open(tx, &accounts).await?;
    let balances = wallets::lock(tx, &accounts).await?;
    // Everything from here on is read in statements that begin after the last lock.
    let receipts = keys::receipts(tx, &(&all - &new)).await?;
    let now = store::now(tx).await?;
    let mut till = Till::default()
        .with_balances(balances)
        .with_receipts(receipts);
    let outcomes = top_ups
        .iter()
        .map(|top_up| till.top_up(top_up, now))
        .collect();
    write(tx, &till, &new).await?;
    Ok(outcomes)
}

async fn write(tx: &mut Tx, till: &Till, new: &BTreeSet<Key>) -> Result<(), db::Error> {
    let receipts = till.new_receipts();
    let answered: BTreeSet<Key> = receipts.keys().cloned().collect();
    keys::release(tx, &(new - &answered)).await?;
    keys::answer(tx, &receipts).await?;
    transfers::insert(tx, till.new_transfers()).await?;
    wallets::write(tx, &till.new_balances()).await
}
