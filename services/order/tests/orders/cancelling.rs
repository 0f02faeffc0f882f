//! Cancelling: stock back, money back, once, and never together with shipping.

use api::order::{CancelRequest, MoveOrderRequest};
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;
use uuid::Uuid;

use crate::house::{House, LIMIT, PATIENCE, SHORT, reason};
use crate::user::{Fault, PURSE};
use crate::wish::{Wish, idempotency};

impl House {
    /// Begins to cancel an order, and comes back while it goes on.
    async fn begin_cancel(&self, order: &str) {
        let request = CancelRequest {
            id: order.to_owned(),
            idempotency: Some(idempotency(Uuid::nil(), "cancel", "k", "")),
            ..CancelRequest::default()
        };
        let start = Instant::now();
        let begun = loop {
            let mut orders = self.orders.clone();
            match self.ask(SHORT, orders.cancel(request.clone())).await {
                Ok(begun) => break begun.into_inner(),
                // A busy machine takes longer than that to take it: the same key is sent again.
                Err(refused) => assert!(start.elapsed() < LIMIT, "{refused:?}"),
            }
        };
        assert_eq!(begun.status, "cancelling");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_order_gives_stock_and_money_back_once() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 2)]);
    let order = house.order(&ann).await;

    let cancelled = house.cancel(&order.id, "stop").await.unwrap();
    let again = join_all((0..9).map(|at| {
        let key = if at % 2 == 0 {
            "stop".to_owned()
        } else {
            at.to_string()
        };
        let (house, id) = (&house, &order.id);
        async move { house.cancel(id, &key).await.unwrap() }
    }))
    .await;

    assert_eq!(
        (cancelled.status.as_str(), cancelled.version),
        ("cancelled", 4)
    );
    assert!(again.iter().all(|order| *order == cancelled));
    assert_eq!(house.free(mug).await, 5);
    assert_eq!(house.user.purse(&ann.account()), PURSE);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pending_order_cannot_be_cancelled() {
    let house = House::with(1, &[("SAGA_LEASE", "2s"), ("SAGA_ATTEMPT", "1s")]).await;
    let mug = house.shelve("mug", 5).await;
    house.user.fault(Fault::Down);
    let order = house.pending(&Wish::of(&[(mug, 2)])).await;

    let refused = house.cancel(&order.id, "stop").await.unwrap_err();
    house.user.fault(Fault::None);
    house.until(&order.id, "confirmed").await;
    let refused_again = house.cancel(&order.id, "stop").await.unwrap_err();

    assert_eq!(reason(&refused), "NOT_SETTLED");
    assert_eq!(reason(&refused_again), "NOT_SETTLED");
    assert_eq!(
        refused_again
            .metadata()
            .get("idempotency-replayed")
            .unwrap(),
        "true"
    );
    assert_eq!(
        house.cancel(&order.id, "now").await.unwrap().status,
        "cancelled"
    );
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_cancelled_or_shipped_never_both() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 40).await;
    for _ in 0..20 {
        let order = house.order(&Wish::of(&[(mug, 1)])).await;
        let mut orders = house.orders.clone();
        let ship = MoveOrderRequest {
            actor_id: order.customer_id.clone(),
            id: order.id.clone(),
        };

        let (cancelled, shipped) = tokio::join!(
            house.cancel(&order.id, "stop"),
            house.ask(PATIENCE, orders.ship(ship))
        );

        let one = (cancelled.is_ok(), shipped.is_ok());
        assert!(one.0 != one.1, "{one:?}");
        let refused = cancelled.err().or(shipped.err()).unwrap();
        assert_eq!(reason(&refused), "ILLEGAL_MOVE");
    }
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_meets_the_confirmation_has_one_outcome() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 40).await;
    house.user.fault(Fault::Slow(Duration::from_millis(200)));
    for _ in 0..10 {
        let ann = Wish::of(&[(mug, 1)]);
        let cancels = async {
            let order = house.written(&ann).await;
            let cancel = async |at: u64| {
                tokio::time::sleep(Duration::from_millis(at * 40)).await;
                house.cancel(&order, &at.to_string()).await
            };
            join_all((0..8).map(cancel)).await
        };

        let (order, answers) = tokio::join!(house.order(&ann), cancels);

        for answer in answers {
            match answer {
                Ok(order) => assert!(["cancelling", "cancelled"].contains(&order.status.as_str())),
                Err(refused) => assert_eq!(reason(&refused), "NOT_SETTLED"),
            }
        }
        let settled = house.cancel(&order.id, "last").await;
        if settled.is_err() {
            house.until(&order.id, "confirmed").await;
        } else {
            house.until(&order.id, "cancelled").await;
        }
    }
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_waits_for_the_wallet_for_ever() {
    let house = House::with(1, &[("SAGA_LEASE", "2s"), ("SAGA_ATTEMPT", "1s")]).await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 2)]);
    let order = house.order(&ann).await;
    house.user.fault(Fault::AnswerLost);
    house.begin_cancel(&order.id).await;
    let over = "update sagas set settle_by = clock_timestamp(), epoch = 100 where ended_at is null";
    let over = sqlx::query(over).execute(house.database.pool());
    assert_eq!(over.await.unwrap().rows_affected(), 1);
    // Whoever takes it up after that time goes on all the same, and so does the next one.
    let twice = "select count(*) from sagas where epoch > 101";
    house.until_count(twice, 1).await;
    assert_eq!(house.get(&order.id).await.status, "cancelling");
    house.user.fault(Fault::None);

    house.until(&order.id, "cancelled").await;
    assert_eq!(house.user.purse(&ann.account()), PURSE);
    assert_eq!(house.free(mug).await, 5);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_cancels_what_is_not_theirs() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let order = house.order(&Wish::of(&[(mug, 2)])).await;
    let request = CancelRequest {
        customer_id: api::id::ACCOUNT.write(Uuid::now_v7()),
        id: order.id.clone(),
        idempotency: Some(idempotency(Uuid::now_v7(), "cancel", "k", "")),
        ..CancelRequest::default()
    };

    let refused = house.refused(house.orders.clone().cancel(request)).await;

    assert_eq!(reason(&refused), "NOT_FOUND");
    assert_eq!(house.get(&order.id).await.status, "confirmed");
    house.assert_conserved().await;
}
