//! Placing orders: keys, lines at the prices of the moment, holds and sagas, many at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use db::{Error, Tx};
use saga::Begin;
use uuid::Uuid;

use super::keys::{self, Claim};
use super::{answers, baskets, outbox, shelf};
use crate::domain::new_order::{NewOrder, Refusal};
use crate::domain::order::{Line, Order};
use crate::domain::shelf::Shelf;

/// An order to be placed, and the saga that begins with it.
#[derive(Clone, Debug)]
pub struct Placing {
    /// What somebody wants to order.
    pub new: NewOrder,
    /// The saga that carries it on.
    pub saga: Begin,
}

/// What became of it.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all of them are the large one"
)]
pub enum Placed {
    /// The order that the key stands for: pending, or as it settled.
    Order {
        /// The order.
        order: Order,
        /// Whether the key had been sent before.
        replayed: bool,
    },
    /// No order was written, and the key says so for ever.
    Refused {
        /// Why.
        why: Refusal,
        /// Whether the key had been sent before.
        replayed: bool,
    },
    /// The key belongs to another request.
    KeyReused,
}

/// What was decided of a job; nothing where its key was sent before.
pub(super) type Decided = Option<Result<Order, Refusal>>;

/// Places each order, or refuses it, or finds what its key stands for.
///
/// # Errors
/// Only what concerns the whole group: a lost connection, a conflict. A short shelf is an outcome, not an error.
pub async fn place(tx: &mut Tx, jobs: &[Arc<Placing>]) -> Result<Vec<Placed>, Error> {
    let claimed = keys::claim(tx, &claims(jobs)).await?;
    let fresh = jobs
        .iter()
        .zip(&claimed)
        .filter(|(_, claimed)| claimed.is_some());
    let fresh: Vec<&NewOrder> = fresh.map(|(job, _)| &job.new).collect();
    let mut shelf = lock(tx, &fresh).await?;
    let decide = |(job, now): (&Arc<Placing>, Option<_>)| Some(shelf.decide(&job.new, now?));
    let decided: Vec<Decided> = jobs.iter().zip(claimed).map(decide).collect();
    write(tx, jobs, &decided).await?;
    answers::answer(tx, jobs, decided).await
}

fn claims(jobs: &[Arc<Placing>]) -> Vec<Claim<'_>> {
    let claims = jobs.iter().map(|job| Claim {
        key: &job.new.key,
        order: Some(job.new.id),
        lasting: true,
    });
    claims.collect()
}

/// Locks the carts, then the stock, each sorted, so that no two groups wait on each other. What is decided on is read by
/// whoever holds the lock: a locking statement sees anew only the rows that it locks.
async fn lock(tx: &mut Tx, new: &[&NewOrder]) -> Result<Shelf, Error> {
    let carts: BTreeSet<Uuid> = new.iter().filter_map(|new| new.cart()).collect();
    let carts = baskets::lock(tx, &carts).await?;
    let given = new.iter().filter_map(|new| new.items()).flatten();
    let in_carts = carts.values().flat_map(|cart| &cart.items);
    let products: BTreeSet<Uuid> = given.chain(in_carts).map(|item| item.product).collect();
    let goods = shelf::lock(tx, &products).await?;
    Ok(Shelf { goods, carts })
}

async fn write(tx: &mut Tx, jobs: &[Arc<Placing>], decided: &[Decided]) -> Result<(), Error> {
    // Side by side first: a key among them that was sent before would shift all that follow it.
    let fresh = || {
        let all = jobs.iter().zip(decided);
        all.filter_map(|(job, decided)| Some((job, decided.as_ref()?)))
    };
    let orders: Vec<&Order> = decided.iter().flatten().flatten().collect();
    let (held, rejected): (Vec<&Order>, Vec<&Order>) =
        orders.iter().copied().partition(|order| order.is_pending());
    let holds = |decided: &Result<Order, Refusal>| decided.as_ref().is_ok_and(Order::is_pending);
    let sagas: Vec<Begin> = fresh()
        .filter(|(_, decided)| holds(decided))
        .map(|(job, _)| job.saga.clone())
        .collect();
    let refusals: Vec<_> = fresh()
        .filter_map(|(job, decided)| Some((&job.new.key, keys::written(decided.as_ref().err()?))))
        .collect();
    insert_orders(tx, &orders).await?;
    shelf::take(tx, &held).await?;
    baskets::consume(tx, &held).await?;
    saga::store::begin(tx, &sagas).await?;
    outbox::insert(tx, &told(&rejected), "order.rejected").await?;
    keys::answer(tx, &refusals).await
}

fn told(orders: &[&Order]) -> Vec<(Uuid, Uuid)> {
    orders
        .iter()
        .map(|order| (order.id, order.customer))
        .collect()
}

/// Writes orders as they are decided, with their lines.
async fn insert_orders(tx: &mut Tx, orders: &[&Order]) -> Result<(), Error> {
    if orders.is_empty() {
        return Ok(());
    }
    let addresses: Vec<Option<Uuid>> = orders.iter().map(|order| order.address).collect();
    let carts: Vec<Option<Uuid>> = orders.iter().map(|order| order.cart).collect();
    sqlx::query!(
        "insert into orders (id, customer_id, status, reason, total, currency, address_id, cart_id, created_at,
            settled_as, settled_version, settled_at)
        select id, customer_id, status, reason, total, currency, address_id, cart_id, created_at,
            case when status <> 'pending' then status end,
            case when status <> 'pending' then 1 end,
            case when status <> 'pending' then created_at end
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::uuid[], $8::uuid[],
            $9::timestamptz[])
            as new (id, customer_id, status, reason, total, currency, address_id, cart_id, created_at)",
        &column(orders, |order| order.id),
        &column(orders, |order| order.customer),
        &column(orders, |order| order.status.word()) as &[&str],
        &column(orders, |order| order.status.reason()) as &[&str],
        &column(orders, |order| order.total),
        &column(orders, |order| order.currency.clone()),
        &addresses as &[Option<Uuid>],
        &carts as &[Option<Uuid>],
        &column(orders, |order| order.created_at),
    )
    .execute(&mut *tx)
    .await?;
    insert_lines(tx, orders).await
}

async fn insert_lines(tx: &mut Tx, orders: &[&Order]) -> Result<(), Error> {
    let lines = orders
        .iter()
        .flat_map(|order| order.lines.iter().map(|line| (order.id, line)));
    let lines: Vec<(Uuid, &Line)> = lines.collect();
    sqlx::query!(
        "insert into order_lines (order_id, product_id, name, quantity, unit_price)
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[])",
        &column(&lines, |line| line.0),
        &column(&lines, |line| line.1.product),
        &column(&lines, |line| line.1.name.clone()),
        &column(&lines, |line| line.1.quantity),
        &column(&lines, |line| line.1.unit_price),
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

fn column<R, T>(rows: &[R], part: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(part).collect()
}
