//! Giving the money of orders back.

use db::{Group, Tx};
use futures::future::{BoxFuture, FutureExt as _};
use uuid::Uuid;

use crate::domain::wallet::{Kind, NoRefund, Payment, Refund, Refunded, Till};
use crate::store::{self, payments, refunds, transfers, wallets};
use crate::{Error, Tools};

/// What is answered to each refund.
pub type Outcome = Result<Refunded, NoRefund>;

/// Gives money back, or finds what was given back.
///
/// # Errors
/// [`Error::OverRefund`] and [`Error::NotCharged`] of a part, [`Error::KeyReused`] when another refund has its id;
/// [`Error::Database`].
pub async fn run(tools: &Tools, refund: Refund) -> Result<Refunded, Error> {
    let outcome = submit(&tools.refunds, refund).await?;
    outcome.map_err(|refused| match refused {
        NoRefund::Over => Error::OverRefund,
        NoRefund::NotCharged => Error::NotCharged,
        NoRefund::Other => Error::KeyReused,
    })
}

/// Hands `refund` to the group that carries it out.
///
/// # Errors
/// As [`Group::submit`].
pub async fn submit(
    refunds: &Group<Refund, Outcome>,
    refund: Refund,
) -> Result<Outcome, db::Error> {
    match refunds.submit(refund.clone()).await {
        // A refund of another order has taken the id since we looked. Now it is there to be found.
        Err(error) if error.constraint() == Some("refunds_pkey") => refunds.submit(refund).await,
        outcome => outcome,
    }
}

/// Decides all of `refunds` in one transaction, one after another.
pub fn together<'t>(
    tx: &'t mut Tx,
    refunds: &'t [Refund],
) -> BoxFuture<'t, Result<Vec<Outcome>, db::Error>> {
    decide(tx, refunds).boxed()
}

async fn decide(tx: &mut Tx, refunds: &[Refund]) -> Result<Vec<Outcome>, db::Error> {
    let barred = barred(refunds);
    if !barred.is_empty() {
        payments::insert_void(tx, &barred).await?;
    }
    let orders: Vec<Uuid> = refunds.iter().map(|refund| refund.order).collect();
    let found = payments::lock(tx, &orders).await?;
    let payers: Vec<Uuid> = found.values().filter_map(Payment::payer).collect();
    let balances = wallets::lock(tx, &payers).await?;
    // Everything from here on is read in statements that begin after the last lock.
    let keys: Vec<_> = refunds
        .iter()
        .map(|refund| (refund.id, refund.kind.name()))
        .collect();
    let made = refunds::made(tx, &keys).await?;
    let now = store::now(tx).await?;
    let mut till = Till::default()
        .with_payments(found)
        .with_balances(balances)
        .with_refunds(made);
    let outcomes = refunds
        .iter()
        .map(|refund| till.refund(refund, now))
        .collect();
    write(tx, &till).await?;
    Ok(outcomes)
}

/// The orders that must not be charged any more.
fn barred(refunds: &[Refund]) -> Vec<Uuid> {
    let whole = refunds
        .iter()
        .filter(|refund| !matches!(refund.kind, Kind::Partial(_)));
    whole.map(|refund| refund.order).collect()
}

async fn write(tx: &mut Tx, till: &Till) -> Result<(), db::Error> {
    payments::write(tx, &till.new_payments()).await?;
    refunds::insert(tx, &till.new_refunds()).await?;
    transfers::insert(tx, till.new_transfers()).await?;
    wallets::write(tx, &till.new_balances()).await
}
