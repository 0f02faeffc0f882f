//! What must hold after every test: nothing is stuck, nothing is left over, stock and money are conserved.

use std::collections::HashMap;

use api::id::ORDER;
use sqlx::PgPool;
use testkit::Database;
use uuid::Uuid;

use crate::house::House;
use crate::user::User;

type Rows = Vec<(Uuid, String, i64, i64)>;

impl House {
    /// Asserts that every order has settled, and that stock and money are where the orders say.
    pub(crate) async fn assert_conserved(&self) {
        assert_conserved(&self.database, &self.user).await;
    }
}

pub(crate) async fn assert_conserved(database: &Database, user: &User) {
    let pool = database.pool();
    for (what, sql) in RULES {
        let broken: Vec<String> = sqlx::query_scalar(*sql).fetch_all(pool).await.unwrap();
        assert!(broken.is_empty(), "{what}: {broken:?}");
    }
    assert_money(pool, user).await;
}

/// Each finds what breaks it.
const RULES: &[(&str, &str)] = &[
    (
        "orders that have not settled",
        "select id || ' ' || status from orders where status in ('pending', 'cancelling')",
    ),
    (
        "sagas that have not ended",
        "select id || ' ' || name from sagas where ended_at is null",
    ),
    (
        "holds that are left over",
        "select order_id || ' ' || quantity from holds",
    ),
    (
        "stock that is not the sum of its movements",
        "select s.product_id || ': ' || s.free || ' is not ' || coalesce(sum(m.quantity), 0)
        from stock s left join movements m using (product_id) group by s.product_id, s.free
        having s.free <> coalesce(sum(m.quantity), 0)",
    ),
    (
        "stock that went elsewhere than to the orders that were bought",
        "select s.product_id || ': ' || s.free from stock s
        where s.free <> (select coalesce(sum(quantity), 0) from movements m where m.product_id = s.product_id and kind = 'restock')
            - (select coalesce(sum(l.quantity), 0) from order_lines l join orders o on o.id = l.order_id
                where l.product_id = s.product_id and o.status in ('confirmed', 'shipped', 'delivered'))",
    ),
    (
        "carts consumed by an order that was rejected, or by none",
        "select c.id::text from carts c left join orders o on o.id = c.order_id
        where c.status = 'ordered' and (o.id is null or o.status = 'rejected')",
    ),
    (
        "settled orders of which nobody will hear, or hears twice",
        "select o.id || ' ' || o.status || ' ' || count(x.id) from orders o
        left join outbox x on x.order_id = o.id and x.kind in ('order.confirmed', 'order.rejected')
        group by o.id, o.status having count(x.id) <> 1",
    ),
];

/// A bought order was charged once and keeps what was not given back; any other costs nothing.
async fn assert_money(pool: &PgPool, user: &User) {
    let rows: Rows = sqlx::query_as("select id, status, total, version from orders")
        .fetch_all(pool)
        .await
        .unwrap();
    for (id, status, total, _) in rows {
        let order = ORDER.write(id);
        let payment = user.payment(&order);
        let paid = payment.charged - payment.given_back;
        match status.as_str() {
            "confirmed" | "shipped" | "delivered" => {
                assert_eq!(payment.charged, total, "{order} is {status}");
                assert!(paid >= 0 && !payment.compensated && !payment.cancelled);
            }
            _ => assert_eq!(paid, 0, "{order} is {status}: {payment:?}"),
        }
    }
}

/// How many orders there are of each status.
pub(crate) async fn tally(database: &Database) -> HashMap<String, i64> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("select status, count(*) from orders group by status")
            .fetch_all(database.pool())
            .await
            .unwrap();
    rows.into_iter().collect()
}
