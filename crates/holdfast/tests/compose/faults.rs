//! The shop from nothing to an order, each of its containers killed under a load of orders, all of it restarted.

use std::env;

use holdfast::compose::{FAILOVER, ONE, SETTLED, Shop, run};
use holdfast::{demo, say};
use rand::seq::SliceRandom as _;
use tokio::time::Instant;

use crate::strike::{crash, cut};
use crate::{PLACE, apart, ledger, sandbox, size};

/// One of each kind; of the database, whoever has which role.
const KINDS: [&str; 9] = [
    "user-1",
    "order-1",
    "news-1",
    "control-1",
    "gateway-1",
    "haproxy-1",
    "redis-1",
    "sentinel-1",
    "etcd-1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker engine: make test-compose"]
async fn a_shop_in_containers_takes_orders_whatever_is_killed() {
    let (shop, opened) = Shop::open(PLACE).await.unwrap();
    let well = Instant::now();
    demo::order(&shop.fronts, "USD").await.unwrap();
    let ordered = (opened + well.elapsed()).as_secs_f64();
    let well = opened.as_secs_f64();
    say::line(format_args!(
        "from nothing to well: {well:.0} s, to the first order: {ordered:.0} s"
    ));
    size::images(&shop).await;
    size::memory(&shop).await;
    apart::this_machine_offers_two_doors_on_its_loopback(&shop).await;
    apart::nobody_reaches_beyond_their_own_network(&shop).await;
    sandbox::the_kernel_holds_every_container_in(&shop).await;
    sandbox::who_tries_to_get_out_is_refused(&shop).await;

    #[allow(
        clippy::disallowed_methods,
        reason = "what `make test-compose` is told, no setting of a service"
    )]
    let all = env::var("ALL").is_ok_and(|all| !all.is_empty());
    let mut killed = struck(&shop, all).await;
    for name in &killed {
        crash(&shop, name, name, ONE).await;
    }
    for (what, role, limit) in [
        ("the other standby", "replica", ONE),
        ("the synchronous standby", "sync_standby", ONE),
        ("the primary", "leader", FAILOVER),
    ] {
        if all || role != "replica" {
            let node = shop.node(role).await.unwrap();
            crash(&shop, what, &node, limit).await;
            killed.push(node);
        }
    }
    ledger::tells(&shop, &killed).await;
    restart(&shop).await;
    shuffle(&shop).await;
    size::memory(&shop).await;

    // Last: a service that comes back may have another address, and that is what the ledger knows it by.
    cut(&shop, "a gateway", "gateway-1", "core", ONE).await;
    if all {
        cut(&shop, "an order service", "order-1", "store", ONE).await;
        cut(&shop, "a Redis", "redis-1", "redis", ONE).await;
    }
    let primary = shop.node("leader").await.unwrap();
    cut(&shop, "the primary", &primary, "data", FAILOVER).await;
}

/// Whose processes are killed by name: one of each kind, or every single one.
async fn struck(shop: &Shop, all: bool) -> Vec<String> {
    if !all {
        return KINDS.map(str::to_owned).to_vec();
    }
    let mut all = shop.containers().await.unwrap();
    all.retain(|one| !one.is_job() && !one.name.starts_with("pg-"));
    let mut names: Vec<String> = all.into_iter().map(|one| one.name).collect();
    names.sort();
    names
}

/// How many orders are confirmed.
async fn confirmed(shop: &Shop) -> i64 {
    let books = shop.books().await.unwrap();
    assert_eq!(books.balance(SETTLED).await.unwrap(), Vec::<String>::new());
    books.count("confirmed").await.unwrap()
}

/// Restarts all of it: what was there is there, and an order is taken.
async fn restart(shop: &Shop) {
    let before = confirmed(shop).await;
    let began = Instant::now();

    shop.compose(&["restart"]).await.unwrap();

    let composed = began.elapsed().as_secs_f64();
    shop.well().await.unwrap();
    let well = began.elapsed().as_secs_f64();
    shop.healed().await.unwrap();
    demo::order(&shop.fronts, "USD").await.unwrap();
    say::line(format_args!(
        "restart of everything: {:.0} s (Compose was done after {composed:.0} s, every container well after {well:.0} s)",
        began.elapsed().as_secs_f64()
    ));
    assert_eq!(confirmed(shop).await, before + 1);
}

/// Stops all of it and starts it in an order of chance.
async fn shuffle(shop: &Shop) {
    let before = confirmed(shop).await;
    shop.compose(&["stop"]).await.unwrap();
    let mut all = shop.containers().await.unwrap();
    all.retain(|one| !one.is_job());
    all.shuffle(&mut rand::rng());
    let order: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    say::line(format_args!("started in this order: {}", order.join(" ")));
    let began = Instant::now();

    for container in &all {
        run(&["docker", "start", &container.id]).await.unwrap();
    }

    shop.healed().await.unwrap();
    demo::order(&shop.fronts, "USD").await.unwrap();
    say::line(format_args!(
        "started by chance: {:.0} s",
        began.elapsed().as_secs_f64()
    ));
    assert_eq!(confirmed(shop).await, before + 1);
}
