//! Payments that have a row: read and changed under its lock.

use std::collections::{BTreeMap, HashMap};

use db::{Error, Tx};
use uuid::Uuid;

use crate::domain::wallet::{Payment, Reason};

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
