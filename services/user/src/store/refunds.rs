//! What went back of each payment, each refund by its own id.

use std::collections::{BTreeMap, HashMap};

use db::{Error, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::wallet::Refunded;

/// A refund by its id and the name of its kind.
type RefundKey = (Uuid, &'static str);

/// Reads the refunds that were made under these ids, and the time of the transaction. The payments of their orders must
/// be locked before.
///
/// # Errors
/// What the database met.
pub async fn made(tx: &mut Tx, keys: &[RefundKey]) -> Result<HashMap<RefundKey, Refunded>, Error> {
    let ids: Vec<Uuid> = keys.iter().map(|(id, _)| *id).collect();
    let rows = sqlx::query!(
        "select id, kind, order_id, amount, created_at from refunds where id = any($1)",
        &ids
    )
    .fetch_all(&mut *tx)
    .await?;
    let found = rows.into_iter().filter_map(|row| {
        let kind = ["compensation", "cancel", "partial"];
        let kind = kind.into_iter().find(|kind| *kind == row.kind)?;
        let made = Refunded {
            order: row.order_id,
            amount: row.amount,
            at: row.created_at,
        };
        Some(((row.id, kind), made))
    });
    Ok(found.collect())
}

/// Writes refunds down.
///
/// # Errors
/// What the database met; another refund with the same id.
pub async fn insert(tx: &mut Tx, refunds: &BTreeMap<RefundKey, Refunded>) -> Result<(), Error> {
    if refunds.is_empty() {
        return Ok(());
    }
    let (ids, kinds): (Vec<Uuid>, Vec<&str>) = refunds.keys().copied().unzip();
    let orders: Vec<Uuid> = refunds.values().map(|made| made.order).collect();
    let amounts: Vec<i64> = refunds.values().map(|made| made.amount).collect();
    let moments: Vec<OffsetDateTime> = refunds.values().map(|made| made.at).collect();
    sqlx::query!(
        "insert into refunds (id, kind, order_id, amount, created_at)
         select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::timestamptz[])",
        &ids,
        &kinds as &[&str],
        &orders,
        &amounts,
        &moments
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
