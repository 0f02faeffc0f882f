//! A dependency is down: those who need it do not drown it in repeats.

use std::sync::Arc;
use std::time::Duration;

use drill::{Buyer, Flood, History, Meters};
use holdfast::house::Kind;
use holdfast::say;
use tokio::time::Instant;

use crate::open::{SETTLED, Shop};

/// How long it is down.
const DOWN: Duration = Duration::from_mins(1);
/// How many calls may be sent for each that is wanted.
const MOST: f64 = 1.1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_dependency_that_is_down_is_called_hardly_more_often_than_it_is_wanted() {
    let shop = Shop::open().await;
    // Dead ones are not called at all; those that stand still take calls and never answer.
    for (deed, name) in [("kill", "dead"), ("pause", "frozen")] {
        down(&shop, deed, name).await;
    }
    shop.close().await;
}

async fn down(shop: &Shop, deed: &str, name: &'static str) {
    let flood = Flood {
        doors: shop.fronts.clone(),
        buyers: vec![Buyer::join(&shop.fronts[0], 100_000).await.unwrap()],
        product: shop.mug,
        orders: 5,
        looks: 15,
        time: DOWN,
        patience: Duration::from_secs(10),
        name,
    };
    for number in 1..=2 {
        shop.act(&format!("{deed} order-{number} stay")).await;
    }
    let before = counted(shop).await;

    let (orders, looks) = flood.run(&Arc::<History>::default()).await.unwrap();

    let after = counted(shop).await;
    let (sent, wanted) = (after.0 - before.0, after.1 - before.1);
    for number in 1..=2 {
        shop.act(&format!("resume order-{number}")).await;
    }
    let back = Instant::now();
    shop.healed().await;
    say::line(format_args!(
        "both order services {name} for {} s: {sent:.0} calls sent for {wanted:.0} wanted, {:.3} times (goal: 1.1); {} of {} answered without them; ready again after {:.1} s",
        DOWN.as_secs(),
        sent / wanted,
        orders.served.len() + looks.served.len(),
        orders.sent + looks.sent,
        back.elapsed().as_secs_f64(),
    ));
    assert!(wanted > 600.0, "nothing was wanted: {wanted}");
    assert!(sent <= wanted * MOST, "{sent} sent for {wanted} wanted");
    let wrong = shop.books().await.balance(SETTLED).await.unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// How many calls the gateways have sent to the order service so far, and for how many requests.
async fn counted(shop: &Shop) -> (f64, f64) {
    let meters = Meters::read(shop.admins(Kind::Gateway)).await.unwrap();
    let sent = meters.sum("rpc_endpoint_requests_total", &[("peer", "order")]);
    let wanted = ["/v1/orders", "/v1/products"]
        .map(|route| meters.sum("http_request_seconds_count", &[("route", route)]));
    (sent, wanted.iter().sum())
}
