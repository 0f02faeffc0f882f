//! The judge of each order: whether it was charged, and whether that went back.

use std::collections::{BTreeMap, HashMap, HashSet};

use db::{Error, Tx};
use uuid::Uuid;

use crate::domain::wallet::{Charge, Payment, Reason};

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

/// Locks the payments of `orders`, and reads them.
///
/// # Errors
/// What the database met.
pub async fn lock(tx: &mut Tx, orders: &[Uuid]) -> Result<HashMap<Uuid, Payment>, Error> {
    // In one order for all, so that two groups never wait on each other.
    let rows = sqlx::query_as!(
        Row,
        "select order_id, account_id, amount, refunded, state, reason from payments
         where order_id = any($1) order by order_id for no key update",
        orders
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.order_id, row.read()?)))
        .collect()
}

/// Writes what the locked payments of these orders became.
///
/// # Errors
/// What the database met.
pub async fn write(tx: &mut Tx, payments: &BTreeMap<Uuid, Payment>) -> Result<(), Error> {
    if payments.is_empty() {
        return Ok(());
    }
    let orders: Vec<Uuid> = payments.keys().copied().collect();
    let (states, refunded, reasons) = columns(payments.values());
    // Not joined with `unnest`: of that the planner expects so many rows that it may read the whole table.
    sqlx::query!(
        "update payments set
             state = ($2::text[])[array_position($1::uuid[], order_id)],
             refunded = ($3::bigint[])[array_position($1::uuid[], order_id)],
             reason = ($4::text[])[array_position($1::uuid[], order_id)]
         where order_id = any($1::uuid[])",
        &orders,
        &states as &[&str],
        &refunded,
        &reasons as &[&str]
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

struct Row {
    order_id: Uuid,
    account_id: Option<Uuid>,
    amount: Option<i64>,
    refunded: i64,
    state: String,
    reason: String,
}

impl Row {
    fn read(self) -> Result<Payment, Error> {
        let asked = self.account_id.zip(self.amount);
        let payment = match (self.state.as_str(), asked, Reason::named(&self.reason)) {
            ("void", asked, Some(reason)) => Some(Payment::Void { asked, reason }),
            ("charged", Some((account, amount)), None) => Some(Payment::Charged {
                account,
                amount,
                refunded: self.refunded,
            }),
            ("refunded", Some((account, amount)), None) => {
                Some(Payment::Refunded { account, amount })
            }
            _ => None,
        };
        payment.ok_or_else(|| sqlx::Error::Decode("a payment of no known state".into()).into())
    }
}

/// State, refunded and reason of each.
fn columns<'p>(
    payments: impl Iterator<Item = &'p Payment>,
) -> (Vec<&'static str>, Vec<i64>, Vec<&'static str>) {
    let (mut states, mut refunds, mut reasons) = (vec![], vec![], vec![]);
    for payment in payments {
        let (state, refunded, reason) = match *payment {
            Payment::Void { reason, .. } => ("void", 0, reason.name()),
            Payment::Charged { refunded, .. } => ("charged", refunded, ""),
            Payment::Refunded { amount, .. } => ("refunded", amount, ""),
        };
        states.push(state);
        refunds.push(refunded);
        reasons.push(reason);
    }
    (states, refunds, reasons)
}
