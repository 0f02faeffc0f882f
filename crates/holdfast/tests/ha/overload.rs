//! Three times what the shop can do comes to it.

use std::sync::Arc;
use std::time::Duration;

use drill::{Buyer, Flood, History, Tally};
use holdfast::say;

use crate::open::Shop;
use crate::strike::find;

/// What each instance of a service can do: 2 at once, 200 ms each, so that two of them do 20 calls a second. Few, so that three
/// times as many are nothing to the machine.
const CAPACITY: &str = "2x200ms";
const CALLS: u32 = 20;
/// An answer that takes longer is none to anybody.
const PATIENCE: Duration = Duration::from_secs(3);
/// Which part of the peak has to be served under three times the load; what fails is beyond three times what may be missing.
const GOODPUT: f64 = 0.9;
const FAILS: f64 = 0.7;
/// How quickly who is refused has to know.
const AT_ONCE: Duration = Duration::from_millis(50);
/// What a test machine that is busy with other things may add to that.
const BUSY: Duration = Duration::from_millis(350);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_shop_that_gets_three_times_what_it_can_do_does_what_it_can_checkouts_first() {
    let settings = [("CAPACITY", CAPACITY), ("MIN_IN_FLIGHT", "4")];
    let shop = Shop::with(&settings).await;
    let mut buyers = Vec::new();
    for _ in 0..8 {
        buyers.push(Buyer::join(&shop.fronts[0], 1_000_000).await.unwrap());
    }
    let history = Arc::<History>::default();
    let flood = async |name, calls: u32, seconds| {
        let flood = Flood {
            doors: shop.fronts.clone(),
            buyers: buyers.clone(),
            product: shop.mug,
            // A fifth of them orders.
            orders: calls / 5,
            looks: calls - calls / 5,
            time: Duration::from_secs(seconds),
            patience: PATIENCE,
            name,
        };
        let (orders, looks) = flood.run(&history).await.unwrap();
        say::line(format_args!(
            "  {name}, {calls} a second: {}; {}",
            told("orders", &orders),
            told("looks", &looks)
        ));
        (
            orders.rate(flood.time) + looks.rate(flood.time),
            orders,
            looks,
        )
    };

    let calm = flood("calm", CALLS / 2, 6).await;
    let peak = flood("peak", CALLS, 10).await;
    let _onset = flood("onset", CALLS * 3, 12).await;
    let flooded = flood("flooded", CALLS * 3, 15).await;
    let _second = flood("a second", CALLS / 2, 1).await;
    let after = flood("after", CALLS / 2, 6).await;

    let goodput = flooded.0 / peak.0;
    let shed = flooded.1.median_shed().max(flooded.2.median_shed());
    let slowest_shed = flooded.1.slowest_shed().max(flooded.2.slowest_shed());
    let first = share(&flooded.1) > share(&flooded.2);
    say::line(format_args!(
        "three times capacity ({CAPACITY} an instance): goodput {:.0} % of the peak of {:.0}/s (goal: 90), refusals after {shed:?} (goal: {AT_ONCE:?}; p99, with those that were tried again: {slowest_shed:?}), {:.0} % of the orders and {:.0} % of the looks served; p99 {:?} before, {:?} a second after",
        goodput * 100.0,
        peak.0,
        share(&flooded.1) * 100.0,
        share(&flooded.2) * 100.0,
        calm.2.slowest(),
        after.2.slowest(),
    ));
    let findings = find(&shop, &history).await;
    assert_eq!(
        (
            findings.lost.len(),
            findings.doubled.len(),
            findings.changed.len()
        ),
        (0, 0, 0),
        "{findings:?}"
    );
    assert!(
        goodput >= FAILS,
        "goodput {goodput}, and {GOODPUT} is the goal"
    );
    assert!(shed <= AT_ONCE + BUSY, "refused after {shed:?}");
    assert!(first, "browsing was served before checkouts");
    assert!(
        share(&after.1) > 0.9 && share(&after.2) > 0.9,
        "not normal again"
    );
    shop.close().await;
}

fn told(what: &str, tally: &Tally) -> String {
    format!(
        "{} {what}: {} served (p99 {:?}), {} refused (p99 {:?}), {} late",
        tally.sent,
        tally.served.len(),
        tally.slowest(),
        tally.shed.len(),
        tally.slowest_shed(),
        tally.failed,
    )
}

/// Which part of what was sent was served.
fn share(tally: &Tally) -> f64 {
    let count = |many: usize| f64::from(u32::try_from(many).unwrap());
    count(tally.served.len()) / count(tally.sent.max(1))
}
