//! All processes are started in one order after the other, drawn by chance, and all get ready.

use drill::{Buyer, Goal};
use holdfast::say;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;
use tokio::time::Instant;

use crate::open::{Shop, until};
use crate::strike::strike;

/// How many orders of start.
const ORDERS: usize = 20;

/// The seed that is set, to repeat a run; else a new one.
#[allow(clippy::disallowed_methods, reason = "it is the test's own")]
fn seed() -> u64 {
    let said = std::env::var("SEED").ok();
    let said = said.and_then(|seed| seed.parse().ok());
    said.unwrap_or_else(|| rand::rng().random::<u32>().into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_shop_whose_processes_start_in_any_order_opens() {
    let shop = Shop::open().await;
    let seed = seed();
    say::line(format_args!(
        "{ORDERS} orders of start, drawn from SEED={seed}"
    ));
    let mut chance = StdRng::seed_from_u64(seed);
    let mut names = shop.names();
    for turn in 1..=ORDERS {
        for name in &names {
            shop.act(&format!("kill {name} stay")).await;
        }
        names.shuffle(&mut chance);
        let began = Instant::now();

        for name in &names {
            shop.act(&format!("resume {name}")).await;
            until("it runs", async || shop.runs(name)).await;
        }

        shop.healed().await;
        buy(&shop).await;
        say::line(format_args!(
            "  {turn}: an order after {:.1} s: {}",
            began.elapsed().as_secs_f64(),
            names.join(" ")
        ));
    }
    strike(
        &shop,
        "after all those starts",
        Goal::seconds(1).one_retry(),
        async |_, _| {},
    )
    .await;
    shop.close().await;
}

/// Has somebody come and buy.
async fn buy(shop: &Shop) {
    let mut buyer = Buyer::join(&shop.fronts[0], 1_000).await.unwrap();
    let body = json!({"items": [{"product_id": shop.mug.shown(), "quantity": 1}]});
    let placed = buyer
        .customer
        .post("/v1/orders", "first", &body)
        .await
        .unwrap();
    assert!(placed.status.is_success(), "{}", placed.text);
}
