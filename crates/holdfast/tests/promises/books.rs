//! Checks the books: nothing lost, nothing doubled, no unit and no cent made or destroyed.

use std::collections::HashMap;

use sqlx::{query_as, query_scalar};
use uuid::Uuid;

use crate::open::{SETTLED, Shop};

/// Waits until no saga is under way, then checks that the books of both services balance, each and against the other.
pub(crate) async fn balance(shop: &Shop) {
    at_rest(shop).await;
    shelves(shop).await;
    wallets(shop).await;
    payments(shop).await;
}

async fn at_rest(shop: &Shop) {
    let end = tokio::time::Instant::now() + SETTLED;
    loop {
        let open: i64 = query_scalar("select count(*) from sagas where ended_at is null")
            .fetch_one(shop.order.pool())
            .await
            .unwrap();
        if open == 0 {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "{open} orders are stuck");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Free stock is the sum of its movements, and an order has moved what it bought and nothing else.
async fn shelves(shop: &Shop) {
    let wrong: Vec<(Uuid, i64, Option<i64>)> = query_as(
        "select product_id, free, moved from stock
         left join (select product_id, sum(quantity)::bigint as moved from movements group by 1) as m using (product_id)
         where free <> coalesce(moved, 0)",
    )
    .fetch_all(shop.order.pool())
    .await
    .unwrap();
    assert_eq!(wrong, [], "stock differs from its movements");
    let wrong: Vec<(Uuid, String, i32, i64)> = query_as(
        "select o.id, o.status, l.quantity, coalesce(m.moved, 0) from orders o
         join order_lines l on l.order_id = o.id
         left join (select order_id, product_id, sum(quantity)::bigint as moved from movements
                    where order_id is not null group by 1, 2) as m
             on m.order_id = o.id and m.product_id = l.product_id
         where coalesce(m.moved, 0) <>
             case when o.status in ('confirmed', 'shipped', 'delivered') then -l.quantity else 0 end",
    )
    .fetch_all(shop.order.pool())
    .await
    .unwrap();
    assert_eq!(
        wrong,
        [],
        "orders that hold what they did not buy, or bought what they do not hold"
    );
    let held: i64 = query_scalar("select count(*) from holds")
        .fetch_one(shop.order.pool())
        .await
        .unwrap();
    assert_eq!(held, 0, "units are held for nobody");
}

/// A balance is the sum of its transfers.
async fn wallets(shop: &Shop) {
    let wrong: Vec<(Uuid, i64, i64)> = query_as(
        "select account_id, balance,
             (coalesce((select sum(amount) from transfers where credit = account_id), 0)
              - coalesce((select sum(amount) from transfers where debit = account_id), 0))::bigint as moved
         from wallets
         where balance <> coalesce((select sum(amount) from transfers where credit = account_id), 0)
              - coalesce((select sum(amount) from transfers where debit = account_id), 0)",
    )
    .fetch_all(shop.user.pool())
    .await
    .unwrap();
    assert_eq!(wrong, [], "balances that differ from their transfers");
}

/// What was bought was paid, once and in full; what was not bought was not paid.
async fn payments(shop: &Shop) {
    let paid: Vec<(Uuid, i64)> = query_as(
        "select order_id, sum(case kind when 'charge' then amount else -amount end)::bigint
         from transfers where order_id is not null group by 1",
    )
    .fetch_all(shop.user.pool())
    .await
    .unwrap();
    let mut paid: HashMap<Uuid, i64> = paid.into_iter().collect();
    let orders: Vec<(Uuid, String, i64)> = query_as("select id, status, total from orders")
        .fetch_all(shop.order.pool())
        .await
        .unwrap();
    for (id, status, total) in orders {
        let paid = paid.remove(&id).unwrap_or(0);
        let due = if ["confirmed", "shipped", "delivered"].contains(&status.as_str()) {
            total
        } else {
            0
        };
        assert_eq!(paid, due, "{status} order {id} of {total}");
    }
    paid.retain(|_, amount| *amount != 0);
    assert!(
        paid.is_empty(),
        "paid for orders that do not exist: {paid:?}"
    );
}

/// How many orders there are in each state.
pub(crate) async fn count(shop: &Shop, status: &str) -> i64 {
    query_scalar("select count(*) from orders where status = $1")
        .bind(status)
        .fetch_one(shop.order.pool())
        .await
        .unwrap()
}
