//! One key, one order, for ever.

use std::collections::HashSet;

use api::order::MoveOrderRequest;
use futures::future::join_all;
use retry::Deadline;
use uuid::Uuid;

use crate::books::tally;
use crate::house::{House, PATIENCE, SHORT, reason};
use crate::user::Fault;
use crate::wish::Wish;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_sent_a_hundred_times_at_once_is_one_order() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 500).await;
    let ann = Wish::of(&[(mug, 1)]);

    let answers = join_all((0..100).map(|_| house.order(&ann))).await;
    let again = house.order(&ann).await;

    let ids: HashSet<&str> = answers.iter().map(|order| order.id.as_str()).collect();
    assert_eq!(ids.len(), 1);
    let settled = answers.iter().filter(|order| order.status != "pending");
    for answer in settled {
        assert_eq!(*answer, again);
    }
    assert_eq!(tally(&house.database).await["confirmed"], 1);
    assert_eq!(house.free(mug).await, 499);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_answered_as_the_order_settled_whatever_happens_to_it() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 1)]);
    let first = house.order(&ann).await;
    let request = MoveOrderRequest {
        actor_id: ann.account(),
        id: first.id.clone(),
    };
    let shipped = house.told(house.orders.clone().ship(request)).await;

    let again = house.place_within(&ann, PATIENCE).await.unwrap();

    assert_eq!(shipped.version, 3);
    assert_eq!(
        again.metadata().get("idempotency-replayed").unwrap(),
        "true"
    );
    let again = again.into_inner();
    assert!(again.replayed);
    assert_eq!(again.order.unwrap(), first);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_of_another_customer_or_route_is_another_key() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 1)]).key("one");
    let bob = Wish::of(&[(mug, 1)]).key("one");
    let elsewhere = ann.clone().route("POST /v2/orders");

    let orders = [
        house.order(&ann).await,
        house.order(&bob).await,
        house.order(&elsewhere).await,
    ];

    let ids: HashSet<&str> = orders.iter().map(|order| order.id.as_str()).collect();
    assert_eq!(ids.len(), 3);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_sent_with_another_request_is_refused() {
    let house = House::start().await;
    let mug = house.shelve("mug", 9).await;
    let ann = Wish::of(&[(mug, 1)]);
    let other = Wish::of(&[(mug, 2)]).by(ann.customer).key(&ann.key);
    // At once, so that both also meet in one group.
    let (one, two) = tokio::join!(house.place(&ann), house.place(&other));

    let later = house.place(if one.is_ok() { &other } else { &ann }).await;

    let refused = if one.is_ok() { two } else { one };
    assert_eq!(reason(&refused.unwrap_err()), "KEY_REUSED");
    assert_eq!(reason(&later.unwrap_err()), "KEY_REUSED");
    assert_eq!(tally(&house.database).await["confirmed"], 1);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_key_gives_the_same_refusal_for_ever() {
    let house = House::start().await;
    let mug = house.shelve("mug", 0).await;
    let poor = Wish::of(&[(mug, 1)]);
    let nothing = Wish::of(&[(Uuid::now_v7(), 1)]);
    let dear = Wish::of(&[(mug, 1)]).expecting(1);
    let short = house.order(&poor).await;
    let missing = house.place(&nothing).await.unwrap_err();
    let changed = house.place(&dear).await.unwrap_err();
    // Now there is enough of it, and nothing changes for those keys.
    sqlx::query("with more as (update stock set free = 5) insert into movements (id, product_id, kind, quantity) values ($1, $2, 'restock', 5)")
        .bind(Uuid::now_v7())
        .bind(mug)
        .execute(house.database.pool())
        .await
        .unwrap();

    let short_again = house.order(&poor).await;
    let missing_again = house.place(&nothing).await.unwrap_err();
    let changed_again = house.place(&dear).await.unwrap_err();

    assert_eq!(short.reason, "insufficient_stock");
    assert_eq!(short_again, short);
    assert_eq!(reason(&missing), "PRODUCT_NOT_FOUND");
    assert_eq!(missing_again.message(), missing.message());
    assert_eq!(reason(&missing_again), reason(&missing));
    assert_eq!(
        missing_again
            .metadata()
            .get("idempotency-replayed")
            .unwrap(),
        "true"
    );
    assert_eq!(reason(&changed_again), reason(&changed));
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_key_is_answered_alike_by_both_instances() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 9).await;
    let ann = Wish::of(&[(mug, 1)]);
    house.user.give(&ann.account(), 1);
    let first = house.order(&ann).await;
    house.user.give(&ann.account(), 1_000);

    let again = join_all((0..6).map(|_| house.order(&ann))).await;

    assert_eq!(first.reason, "payment_declined");
    assert_eq!(first.version, 2);
    assert!(again.iter().all(|order| *order == first), "{again:?}");
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pending_key_is_answered_with_its_order_at_once() {
    let house = House::with(1, &[("SAGA_LEASE", "2s"), ("SAGA_ATTEMPT", "1s")]).await;
    let mug = house.shelve("mug", 9).await;
    let ann = Wish::of(&[(mug, 1)]);
    house.user.fault(Fault::Down);
    let first = house.pending(&ann).await;

    let again = house.pending(&ann).await;
    house.user.fault(Fault::None);

    assert_eq!(again, first);
    house.until(&first.id, "confirmed").await;
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_was_not_taken_binds_no_key() {
    let house = House::start().await;
    let mug = house.shelve("mug", 1).await;
    let ann = Wish::of(&[(mug, 1)]);
    let wire = testkit::Wire::to_url(&house.database.url()).await;
    wire.cut();
    let apart = crate::house::apart(&house, &wire).await;
    let mut orders = apart.1.clone();
    let deadline = Deadline::after(SHORT);

    let refused = deadline.scope(orders.place(ann.request.clone())).await;

    assert_eq!(reason(&refused.unwrap_err()), "NOT_TAKEN");
    assert_eq!(house.order(&ann).await.status, "confirmed");
    house.assert_conserved().await;
    apart.0.stop().await;
}
