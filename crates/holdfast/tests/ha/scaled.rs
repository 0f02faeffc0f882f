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
