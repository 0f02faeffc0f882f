//! What others must hear of.

use std::time::Duration;

use db::{Error, Tx};
use uuid::Uuid;

/// Something that an account is to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The same in every repetition.
    pub id: Uuid,
    /// Who is to hear it.
    pub account: Uuid,
    /// What happened: `order.confirmed`.
    pub kind: String,
    /// To which order.
    pub order: Uuid,
}

/// Keeps what the customers of orders are to hear, in the transaction in which it happens.
///
/// # Errors
/// Only what concerns all of them.
pub async fn insert(tx: &mut Tx, orders: &[(Uuid, Uuid)], kind: &'static str) -> Result<(), Error> {
    if orders.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = orders.iter().map(|_| Uuid::now_v7()).collect();
    let (orders, customers): (Vec<Uuid>, Vec<Uuid>) = orders.iter().copied().unzip();
    sqlx::query!(
        "insert into outbox (id, order_id, account_id, kind)
        select id, order_id, account_id, $4
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as new (id, order_id, account_id)",
        &ids,
        &orders,
        &customers,
        kind,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Claims notices for a while, those first that have waited longest. Other relays pass them by.
///
/// # Errors
/// Only what concerns the database.
pub async fn claim(tx: &mut Tx, most: i64, lease: Duration) -> Result<Vec<Notice>, Error> {
    let claimed = sqlx::query_as!(
        Notice,
        r#"update outbox set claimed_until = clock_timestamp() + make_interval(secs => $2)
        where id = any (array(
            select id from outbox where delivered_at is null and claimed_until < clock_timestamp()
            order by id limit $1 for no key update skip locked))
        returning id, account_id as account, kind, order_id as "order""#,
        most,
        lease.as_secs_f64(),
    );
    Ok(claimed.fetch_all(&mut *tx).await?)
}

/// Marks notices as delivered.
///
/// # Errors
/// Only what concerns the database.
pub async fn delivered(tx: &mut Tx, ids: &[Uuid]) -> Result<(), Error> {
    sqlx::query!(
        "update outbox set delivered_at = clock_timestamp() where id = any($1) and delivered_at is null",
        ids,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Removes some of the notices that were delivered a day ago, and tells how many.
///
/// # Errors
/// Only what concerns the database.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, Error> {
    let pruned = sqlx::query!(
        "delete from outbox where id = any (array(
            select id from outbox where delivered_at < clock_timestamp() - interval '1 day'
            order by delivered_at limit $1 for update skip locked))",
        most,
    );
    Ok(pruned.execute(&mut *tx).await?.rows_affected())
}
