//! Watching an order until nothing more can happen.

use api::order::{MoveOrderRequest, WatchEventsRequest};
use futures::StreamExt as _;
use uuid::Uuid;

use crate::house::{House, LIMIT, reason};
use crate::wish::Wish;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_hears_everything_once_and_the_stream_ends() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let order = house.order(&Wish::of(&[(mug, 1)])).await;
    let watch = |after_version| WatchEventsRequest {
        customer_id: order.customer_id.clone(),
        id: order.id.clone(),
        after_version,
    };
    let events = house
        .told(house.orders.clone().watch_events(watch(0)))
        .await;
    let resumed = house
        .told(house.orders.clone().watch_events(watch(2)))
        .await;
    let request = MoveOrderRequest {
        actor_id: order.customer_id.clone(),
        id: order.id.clone(),
    };
    let mut orders = house.orders.clone();

    house.told(orders.ship(request.clone())).await;
    house.told(orders.deliver(request)).await;
    let heard = async { tokio::join!(collect(events), collect(resumed)) };
    let (all, rest) = tokio::time::timeout(LIMIT, heard).await.unwrap();

    let told = ["1 pending", "2 confirmed", "3 shipped", "4 delivered"];
    assert_eq!(all, told);
    assert_eq!(rest, told[2..]);
}

async fn collect(events: tonic::Streaming<api::order::OrderEvent>) -> Vec<String> {
    let told = events.map(|event| {
        let order = event.unwrap().order.unwrap();
        format!("{} {}", order.version, order.status)
    });
    told.collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_watches_what_is_not_theirs() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let order = house.order(&Wish::of(&[(mug, 1)])).await;
    let request = WatchEventsRequest {
        customer_id: api::id::ACCOUNT.write(Uuid::now_v7()),
        id: order.id,
        after_version: 0,
    };

    let refused = house
        .refused(house.orders.clone().watch_events(request))
        .await;

    assert_eq!(reason(&refused), "NOT_FOUND");
}
