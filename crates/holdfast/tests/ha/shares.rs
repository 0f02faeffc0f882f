//! How the calls are shared out: by weight, and away from an instance that is slow.

use std::time::Duration;

use drill::{Goal, Load, Meters};
use holdfast::house::{Kind, Seat};
use holdfast::say;

use crate::open::{Shop, id, until};
use crate::strike::strike;

/// How many orders shares are counted over.
const MANY: usize = 400;
/// Which share an instance may keep that answers ten times slower.
const SLOW: f64 = 0.10;
/// By how much a share may differ from its weight's.
const POINTS: f64 = 0.03;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn calls_are_shared_by_weight_and_kept_from_who_is_slow() {
    let shop = Shop::open().await;
    let orders = shop.seats(Kind::Order);
    let quick = strike(
        &shop,
        "nothing fails",
        Goal::seconds(1).one_retry(),
        async |_, load| {
            load.goes_on(MANY).await.unwrap();
        },
    )
    .await;

    let mut light = 0.0;
    strike(
        &shop,
        "weights 1:3",
        Goal::seconds(1).one_retry(),
        async |shop, load| {
            weigh(shop, &[(&orders[0], 50), (&orders[1], 150)]).await;
            light = share(shop, load, &orders[0]).await;
        },
    )
    .await;
    say::line(format_args!(
        "  weights 1:3: {:.1} % and {:.1} % of the calls (goal: 25 and 75, within 3 points)",
        light * 100.0,
        100.0 - light * 100.0
    ));
    assert!((light - 0.25).abs() <= POINTS, "weights 1:3 give {light}");

    let mut kept = 0.0;
    let by = (quick.median.as_millis() * 5).max(50);
    let slow = strike(
        &shop,
        "order-1 answers ten times slower",
        Goal::seconds(2),
        async |shop, load| {
            weigh(shop, &[(&orders[0], 100), (&orders[1], 100)]).await;
            shop.act(&format!("slow order-1 {by}")).await;
            kept = share(shop, load, &orders[0]).await;
            shop.act("resume order-1").await;
        },
    )
    .await;
    let (quick, slow) = (quick.slowest, slow.slowest);
    say::line(format_args!(
        "  slower by {by} ms each way: {:.1} % of the calls (goal: under 10), p99 of an order {slow:?} (goal: twice {quick:?})",
        kept * 100.0
    ));
    assert!(kept < SLOW, "the slow one keeps {kept}");
    assert!(
        slow < (quick * 2 * 3).max(Duration::from_secs(1)),
        "p99 {slow:?} instead of {quick:?}"
    );
    shop.close().await;
}

/// Which share of the gateways' calls to the order service goes to `seat`, over many orders.
async fn share(shop: &Shop, load: &Load, seat: &Seat) -> f64 {
    let before = calls(shop, seat).await;
    load.goes_on(MANY).await.unwrap();
    let after = calls(shop, seat).await;
    (after.0 - before.0) / (after.1 - before.1)
}

/// How many calls went to `seat` so far, and how many to all of its kind.
async fn calls(shop: &Shop, seat: &Seat) -> (f64, f64) {
    let meters = Meters::read(shop.admins(Kind::Gateway)).await.unwrap();
    let (peer, instance) = (("peer", seat.kind().name()), id(seat));
    let count = |labels: &[(&str, &str)]| meters.sum("rpc_endpoint_requests_total", labels);
    (count(&[peer, ("instance", &instance)]), count(&[peer]))
}

/// Gives each instance its weight, and waits until the gateways show it: with their next calls.
async fn weigh(shop: &Shop, weights: &[(&Seat, u32)]) {
    let said = weights
        .iter()
        .map(|(seat, weight)| format!("\"{}\": {{\"weight\": {weight}}}", id(seat)));
    shop.overlay(&format!("{{{}}}", said.collect::<Vec<_>>().join(", ")));
    let gateways = shop.admins(Kind::Gateway);
    let wanted =
        |weight: u32| f64::from(weight) * f64::from(u32::try_from(gateways.len()).unwrap());
    until("the weights are known", async || {
        let meters = Meters::read(gateways.clone()).await.unwrap();
        weights.iter().all(|(seat, weight)| {
            let labels = [("peer", seat.kind().name()), ("instance", &*id(seat))];
            (meters.sum("rpc_endpoint_weight", &labels) - wanted(*weight)).abs() < 0.5
        })
    })
    .await;
}
