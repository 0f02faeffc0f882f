//! One part after the other fails in one shop, and the books are looked at after each.

use std::collections::HashSet;
use std::time::Duration;

use holdfast::ha::Deed;
use holdfast::say;
use sqlx::query_scalar;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::books;
use crate::load::{Load, Told};
use crate::open::{SETTLED, Shop};

/// How many orders show that they go on.
const SOME: usize = 30;

/// What is looked for beside the books.
#[derive(Clone, Copy)]
struct Goal {
    /// How long no order may be taken; it fails beyond three times this.
    stated: Duration,
    /// Whether one retry of the same key has to be enough for everybody.
    one_retry: bool,
}

const fn goal(seconds: u64, one_retry: bool) -> Goal {
    Goal {
        stated: Duration::from_secs(seconds),
        one_retry,
    }
}

fn kill(name: &str) -> Deed {
    Deed::Kill {
        name: name.to_owned(),
        stay: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_shop_of_which_one_part_fails_takes_orders() {
    let shop = Shop::open().await;
    let mug = shop.shelve().await;
    let postmaster = format!("{}.postgres", leader(&shop).await);
    strike(
        &shop,
        &mug,
        "kill -9 the primary's postmaster",
        goal(4, true),
        kill(&postmaster),
    )
    .await;
    for service in ["order-1", "user-2", "news-1", "gateway-2", "haproxy-1"] {
        strike(
            &shop,
            &mug,
            &format!("kill {service}"),
            goal(4, true),
            kill(service),
        )
        .await;
    }
    strike(&shop, &mug, "switchover", goal(4, true), Deed::SwitchOver).await;
    let name = leader(&shop).await;
    let freeze = Deed::Pause { name, stay: false };
    strike(
        &shop,
        &mug,
        "freeze the primary's node",
        goal(22, false),
        freeze,
    )
    .await;
}

async fn leader(shop: &Shop) -> String {
    shop.running
        .cluster()
        .leader()
        .await
        .unwrap()
        .name()
        .to_owned()
}

/// Does `deed` under a load of orders, waits until all is well, and looks at the books.
async fn strike(shop: &Shop, product: &str, what: &str, goal: Goal, deed: Deed) {
    let load = Load::begin(shop, product).await;
    orders_go_on(load.told()).await;
    let before = orders(shop).await;
    let struck = Instant::now();

    shop.act(deed).await;

    sleep(Duration::from_secs(1)).await; // Now whatever was struck is known to be: what follows tells of its healing.
    shop.running.cluster().in_step().await.unwrap();
    shop.running.house().ready().await.unwrap();
    orders_go_on(load.told()).await;
    let healed = struck.elapsed();
    let (writes, reads) = load.told().outages(struck);
    let told = load.end().await;
    let found = orders(shop).await;
    let known: HashSet<String> = told.orders().into_iter().collect();
    let lost = known.difference(&found).count();
    let doubled = found
        .difference(&before)
        .filter(|id| !known.contains(*id))
        .count();
    say::line(format_args!(
        "{what}: no order for {:.2} s, no read for {:.2} s, {lost} lost and {doubled} doubled of {}, {} needed more than one retry, healed after {:.1} s",
        writes.as_secs_f64(),
        reads.as_secs_f64(),
        known.len(),
        told.unknown(),
        healed.as_secs_f64(),
    ));
    assert_eq!((lost, doubled), (0, 0), "{what}");
    assert!(writes <= goal.stated * 3, "{what}: no order for {writes:?}");
    assert!(
        reads <= Duration::from_secs(3),
        "{what}: no read for {reads:?}"
    );
    assert!(
        !goal.one_retry || told.unknown() == 0,
        "{what}: one retry was not enough"
    );
    books::balance(shop).await;
}

async fn orders_go_on(told: &Told) {
    let (end, before) = (Instant::now() + SETTLED, told.count());
    while told.count() < before + SOME {
        assert!(Instant::now() < end, "no orders for {SETTLED:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// All orders that there are.
async fn orders(shop: &Shop) -> HashSet<String> {
    let ids: Vec<Uuid> = query_scalar("select id from orders")
        .fetch_all(shop.order.pool())
        .await
        .unwrap();
    ids.into_iter().map(|id| api::id::ORDER.write(id)).collect()
}
