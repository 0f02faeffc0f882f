//! The baseline's SQL: one transaction for each step of each order.
//!
//! It writes the rows that Holdfast writes (key, order, line, hold, movement, saga, event to tell, payment, transfer),
//! in the same tables, so that the figures differ by the way and not by the work.

use anyhow::{Context as _, Result, ensure};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};
use uuid::Uuid;

/// As many connections as Holdfast's services have.
const CONNECTIONS: u32 = 16;

/// An order as the baseline knows it: of one product.
pub(crate) struct Placed {
    /// Its id.
    pub(crate) id: Uuid,
    /// What it costs.
    pub(crate) total: i64,
    /// What the product was called.
    pub(crate) name: String,
}

/// A pool that connects when it is first used.
pub(crate) fn pool(database: &str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect_lazy(database)
        .expect("the address was made by the bench")
}

/// What is asked for.
pub(crate) struct Wanted<'a> {
    /// Who buys.
    pub(crate) customer: Uuid,
    /// What.
    pub(crate) product: Uuid,
    /// How many.
    pub(crate) quantity: i32,
    /// Its key.
    pub(crate) key: &'a str,
    /// And what that key stands for.
    pub(crate) hash: &'a [u8],
}

/// Takes the key, the stock and the order.
pub(crate) async fn hold(pool: &PgPool, wanted: &Wanted<'_>) -> Result<Placed> {
    let mut tx = pool.begin().await?;
    let placed = take(&mut tx, wanted, "pending").await?;
    let (id, product) = (placed.id, wanted.product);
    query("insert into holds (order_id, product_id, quantity) values ($1, $2, $3)")
        .bind(id)
        .bind(product)
        .bind(wanted.quantity)
        .execute(&mut *tx)
        .await?;
    query("insert into movements (id, product_id, order_id, kind, quantity) values ($1, $2, $3, 'hold', $4)")
        .bind(Uuid::now_v7())
        .bind(product)
        .bind(id)
        .bind(-i64::from(wanted.quantity))
        .execute(&mut *tx)
        .await?;
    query(
        "insert into sagas (id, name, subject, owner, leased_until, settle_by)
         values ($1, 'place-order', $1, 'baseline', now() + interval '10 s', now() + interval '15 min')",
    )
    .bind(id)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(placed)
}

/// Sells at once, as a plain shop does: the key, the stock, the order and its line in one transaction, and nothing about money.
pub(crate) async fn sell(pool: &PgPool, wanted: &Wanted<'_>) -> Result<Placed> {
    let mut tx = pool.begin().await?;
    let placed = take(&mut tx, wanted, "confirmed").await?;
    tx.commit().await?;
    Ok(placed)
}

async fn take(tx: &mut PgConnection, wanted: &Wanted<'_>, status: &str) -> Result<Placed> {
    let id = Uuid::now_v7();
    query("insert into keys (account_id, route, key, hash, order_id) values ($1, 'POST /v1/orders', $2, $3, $4)")
        .bind(wanted.customer)
        .bind(wanted.key)
        .bind(wanted.hash)
        .bind(id)
        .execute(&mut *tx)
        .await?;
    let taken = query("update stock set free = free - $2 where product_id = $1 and free >= $2")
        .bind(wanted.product)
        .bind(i64::from(wanted.quantity))
        .execute(&mut *tx)
        .await?;
    ensure!(taken.rows_affected() == 1, "not enough in stock");
    let (name, price): (String, i64) = query_as("select name, price from products where id = $1")
        .bind(wanted.product)
        .fetch_one(&mut *tx)
        .await?;
    let total = price * i64::from(wanted.quantity);
    query(
        "insert into orders (id, customer_id, status, total, currency, settled_as, settled_version, settled_at)
         select $1, $2, $3, $4, 'USD', settled, case when settled is not null then 1 end, case when settled is not null then now() end
         from (select nullif($3, 'pending') as settled) as told",
    )
    .bind(id)
    .bind(wanted.customer)
    .bind(status)
    .bind(total)
    .execute(&mut *tx)
    .await?;
    query("insert into order_lines (order_id, product_id, name, quantity, unit_price) values ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(wanted.product)
        .bind(&name)
        .bind(wanted.quantity)
        .bind(price)
        .execute(&mut *tx)
        .await?;
    Ok(Placed { id, total, name })
}

/// Takes the money.
pub(crate) async fn charge(pool: &PgPool, order: Uuid, account: Uuid, amount: i64) -> Result<()> {
    let mut tx = pool.begin().await?;
    query(
        "insert into payments (order_id, account_id, amount, state) values ($1, $2, $3, 'charged')",
    )
    .bind(order)
    .bind(account)
    .bind(amount)
    .execute(&mut *tx)
    .await?;
    let taken =
        query("update wallets set balance = balance - $2 where account_id = $1 and balance >= $2")
            .bind(account)
            .bind(amount)
            .execute(&mut *tx)
            .await?;
    ensure!(taken.rows_affected() == 1, "not enough money");
    query("insert into transfers (id, debit, credit, amount, kind, order_id) values ($1, $2, $3, $4, 'charge', $5)")
        .bind(Uuid::now_v7())
        .bind(account)
        .bind(Uuid::nil())
        .bind(amount)
        .bind(order)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Makes the order final, and leaves word of it.
pub(crate) async fn confirm(pool: &PgPool, order: Uuid, customer: Uuid) -> Result<i64> {
    let mut tx = pool.begin().await?;
    let version: i64 = query_scalar(
        "update orders set status = 'confirmed', settled_as = 'confirmed', version = version + 1,
                settled_version = version + 1, settled_at = now()
         where id = $1 and status = 'pending' returning version",
    )
    .bind(order)
    .fetch_optional(&mut *tx)
    .await?
    .context("the order was pending")?;
    query("delete from holds where order_id = $1")
        .bind(order)
        .execute(&mut *tx)
        .await?;
    query("insert into outbox (id, account_id, kind, order_id) values ($1, $2, 'order.confirmed', $3)")
        .bind(Uuid::now_v7())
        .bind(customer)
        .bind(order)
        .execute(&mut *tx)
        .await?;
    query("update sagas set ended_at = now() where id = $1")
        .bind(order)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(version)
}
