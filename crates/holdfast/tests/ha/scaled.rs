//! More instances of a service and fewer, under a load of orders.

use drill::{Goal, Load, Meters};
use holdfast::house::Kind;

use crate::open::{Shop, until};
use crate::strike::{SOME, strike};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_service_is_scaled_up_and_down_and_no_order_hears_of_it() {
    let shop = Shop::open().await;
    for kind in [Kind::Order, Kind::User, Kind::Gateway] {
        scale(&shop, kind, 1).await;
        strike(
            &shop,
            &format!("scale {} 1 -> 3 -> 1", kind.name()),
            Goal::seconds(1).one_retry(),
            async |shop, load| {
                scale(shop, kind, 3).await;
                serves(shop, load, kind).await;
                scale(shop, kind, 1).await;
                load.goes_on(SOME).await.unwrap();
            },
        )
        .await;
        scale(&shop, kind, 2).await;
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn what_control_wants_is_followed_and_no_order_hears_of_it() {
    let shop = Shop::open().await;
    let follower = holdfast::ha::follow(shop.running.clone());
    strike(
        &shop,
        "control wants 2 -> 3 -> 2 of order",
        Goal::seconds(1).one_retry(),
        async |shop, load| {
            allow_at_least(shop, 3).await;
            there_are(shop, 3).await;
            serves(shop, load, Kind::Order).await;
            allow_at_least(shop, 1).await;
            there_are(shop, 2).await;
            load.goes_on(SOME).await.unwrap();
        },
    )
    .await;
    // Control has wanted one all the time since, and two are left.
    assert_eq!(shop.seats(Kind::Order).len(), 2);
    follower.abort();
    shop.close().await;
}

/// Allows no fewer than `least` order services, as an administrator does.
async fn allow_at_least(shop: &Shop, least: i64) {
    let control = shop.running.store("control").await.unwrap();
    let text = "update resources set allowance = jsonb_set(allowance, '{min_instances}', to_jsonb($1)), version = version + 1 where service = 'order'";
    sqlx::query(text)
        .bind(least)
        .execute(&control)
        .await
        .unwrap();
    let text = "update said set revision = revision + 1";
    sqlx::query(text).execute(&control).await.unwrap();
}

async fn there_are(shop: &Shop, count: usize) {
    let what = format!("there are {count} order services");
    until(&what, async || shop.seats(Kind::Order).len() == count).await;
}

async fn scale(shop: &Shop, kind: Kind, count: usize) {
    shop.act(&format!("scale {} {count}", kind.name())).await;
    assert_eq!(shop.seats(kind).len(), count);
}

/// Waits until each instance of `kind` has taken a request.
async fn serves(shop: &Shop, load: &Load, kind: Kind) {
    load.goes_on(SOME).await.unwrap();
    for seat in shop.seats(kind) {
        until("a new instance is sent requests", async || {
            let meters = Meters::read([seat.admin()]).await.unwrap();
            let asked = [
                "http_request_seconds_count",
                "rpc_server_duration_seconds_count",
            ];
            asked.iter().any(|name| meters.sum(name, &[]) > 0.0)
        })
        .await;
    }
}
