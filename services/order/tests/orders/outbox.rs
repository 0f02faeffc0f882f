//! What customers are to hear, and what is removed once it has outlived its use.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::house::{House, LIMIT};
use crate::user::Fault;
use crate::wish::Wish;

impl House {
    async fn count(&self, sql: &'static str) -> i64 {
        let counted = sqlx::query_scalar(sql).fetch_one(self.database.pool());
        counted.await.unwrap()
    }

    pub(crate) async fn until_count(&self, sql: &'static str, expected: i64) {
        let start = Instant::now();
        while self.count(sql).await != expected {
            assert!(start.elapsed() < LIMIT, "stuck: {sql}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

const WAITING: &str = "select count(*) from outbox where delivered_at is null";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_told_is_told_later_by_whichever_relay_comes_first() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 9).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(house.order(&Wish::of(&[(mug, 1)])).await);
    }
    house.user.fault(Fault::Down);
    orders.push(house.order(&Wish::of(&[(mug, 100)])).await);
    // What a relay claims in vain it lets go of again; the test does not wait for that.
    sqlx::query("update outbox set claimed_until = '-infinity', delivered_at = null")
        .execute(house.database.pool())
        .await
        .unwrap();
    house.user.fault(Fault::None);

    let start = Instant::now();
    while house.count(WAITING).await > 0 {
        assert!(start.elapsed() < LIMIT, "never told");
        // A relay may have claimed it while the other side was down.
        sqlx::query("update outbox set claimed_until = '-infinity' where delivered_at is null")
            .execute(house.database.pool())
            .await
            .unwrap();
        sleep(Duration::from_millis(100)).await;
    }

    for order in &orders[..5] {
        assert_eq!(house.user.heard(&order.id), ["order.confirmed"]);
    }
    assert_eq!(house.user.heard(&orders[5].id), ["order.rejected"]);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_outlived_its_use_is_removed_and_nothing_else() {
    let house = House::start().await;
    let mug = house.shelve("mug", 9).await;
    let ann = Wish::of(&[(mug, 1)]);
    let old = house.order(&ann).await;
    house.cancel(&old.id, "stop").await.unwrap();
    house.until_count(WAITING, 0).await;
    let cart = house.cart(ann.customer, &[(mug, 1)]).await;
    let age = [
        "update outbox set delivered_at = now() - interval '25 hours'",
        "update keys set expires_at = expires_at - interval '8 days'",
        "update carts set updated_at = now() - interval '31 days'",
        "update sagas set ended_at = now() - interval '8 days',
            id = overlay(id::text placing '01800000-0000' from 1 for 13)::uuid",
    ];
    for sql in age {
        sqlx::query(sql)
            .execute(house.database.pool())
            .await
            .unwrap();
    }
    let young = house.order(&Wish::of(&[(mug, 1)])).await;

    let pruned = order::prune::round(&house.database.db()).await.unwrap();

    // Two notices, two sagas, the key of the cancel, and a cart; the keys of the orders stay.
    assert_eq!(pruned, 6);
    assert_eq!(house.count("select count(*) from keys").await, 2);
    assert_eq!(house.count("select count(*) from sagas").await, 1);
    assert_eq!(house.count("select count(*) from cart_items").await, 0);
    assert_eq!(house.order(&ann).await.id, old.id);
    assert_eq!(house.get(&young.id).await.status, "confirmed");
    let _ = cart;
}
