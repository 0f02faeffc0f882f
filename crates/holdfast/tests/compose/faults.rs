//! The shop from nothing to an order, each of its containers killed under a load of orders, all of it restarted.

use drill::{Figures, Goal, Load, Stored, check};
use holdfast::{demo, say};
use tokio::time::Instant;

use crate::engine::run;
use crate::shop::{SETTLED, Shop, until};
use crate::{apart, sandbox};

/// How many orders and looks show that they go on.
const SOME: usize = 20;
/// How long orders may stay away when the database changes its leader, when one container is gone, and for a whole restart.
const FAILOVER: u64 = 30;
const ONE: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker engine: make test-compose"]
async fn a_shop_in_containers_takes_orders_whatever_is_killed() {
    let (shop, opened) = Shop::open().await;
    demo::order(&shop.fronts, "USD").await.unwrap();
    say::line(format_args!(
        "from nothing to well: {:.0} s",
        opened.as_secs_f64()
    ));
    memory(&shop).await;
    apart::this_machine_offers_two_doors_on_its_loopback(&shop).await;
    apart::the_edge_reaches_nothing_behind_the_doors(&shop).await;
    sandbox::the_kernel_holds_every_container_in(&shop).await;
    sandbox::who_tries_to_get_out_is_refused(&shop).await;

    for name in [
        "user-1",
        "order-1",
        "news-1",
        "gateway-1",
        "haproxy-1",
        "haproxy-2",
        "redis-1",
        "sentinel-1",
        "etcd-1",
    ] {
        crash(&shop, name, name, ONE).await;
    }
    let standby = shop.node("sync_standby").await;
    crash(&shop, "the synchronous standby", &standby, ONE).await;
    let primary = shop.node("leader").await;
    crash(&shop, "the primary", &primary, FAILOVER).await;

    restart(&shop).await;
    shuffle(&shop).await;
    memory(&shop).await;
    shop.close().await;
}

/// Crashes the container called `name` under a load of orders, and holds what customers were told against what is stored.
async fn crash(shop: &Shop, what: &str, name: &str, limit: u64) {
    let load = Load::begin(shop.plan().await).await.unwrap();
    load.goes_on(SOME).await.unwrap();
    let container = shop.container(name).await;
    let struck = Instant::now();

    container.crash();

    until("it was started again", async || {
        let now = shop.container(name).await;
        now.told["State"]["StartedAt"] != container.told["State"]["StartedAt"]
    })
    .await;
    shop.healed().await;
    let healed = struck.elapsed();
    load.goes_on(SOME).await.unwrap();
    let until = Instant::now();
    let history = load.end().await.unwrap();
    let books = shop.books().await;
    let wrong = books.balance(SETTLED).await.unwrap();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    let stored = Stored::of(&books.order, &history.customers())
        .await
        .unwrap();
    let findings = check(&history.sendings(), &history.reads(), &stored);
    let figures = Figures::of(&history, &findings, struck, until);
    let goal = Goal::seconds(limit);
    let line = goal.line(&format!("kill -9 {what}"), &figures);
    say::line(format_args!(
        "{line}, healed after {:.1} s",
        healed.as_secs_f64()
    ));
    assert_eq!(findings.all(), Vec::<&str>::new(), "{what}");
    let failures = goal.failures(&figures);
    assert!(failures.is_empty(), "{what}: {failures:?}");
}

/// How many orders are confirmed.
async fn confirmed(shop: &Shop) -> i64 {
    let books = shop.books().await;
    assert_eq!(books.balance(SETTLED).await.unwrap(), Vec::<String>::new());
    books.count("confirmed").await.unwrap()
}

/// Restarts all of it: what was there is there, and an order is taken.
async fn restart(shop: &Shop) {
    let before = confirmed(shop).await;
    let began = Instant::now();

    shop.compose(&["restart"]).await;

    shop.healed().await;
    demo::order(&shop.fronts, "USD").await.unwrap();
    say::line(format_args!(
        "restart of everything: {:.0} s",
        began.elapsed().as_secs_f64()
    ));
    assert_eq!(confirmed(shop).await, before + 1);
}

/// Stops all of it and starts it in an order of chance.
async fn shuffle(shop: &Shop) {
    let before = confirmed(shop).await;
    shop.compose(&["stop"]).await;
    let mut all = shop.containers().await;
    all.retain(|one| !one.is_job());
    all.sort_by_key(|_| rand::random::<u64>());
    let order: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    say::line(format_args!("started in this order: {}", order.join(" ")));
    let began = Instant::now();

    for container in &all {
        run(&["docker", "start", &container.id]).await;
    }

    shop.healed().await;
    demo::order(&shop.fronts, "USD").await.unwrap();
    say::line(format_args!(
        "started by chance: {:.0} s",
        began.elapsed().as_secs_f64()
    ));
    assert_eq!(confirmed(shop).await, before + 1);
}

/// Prints what each container has in memory, and holds all of it against what a laptop has to spare.
async fn memory(shop: &Shop) {
    let mut all = shop.containers().await;
    all.retain(|one| !one.is_job());
    let ids: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
    let stats = [
        "docker",
        "stats",
        "--no-stream",
        "--format",
        "{{.MemUsage}}",
    ];
    let stats = run(&[&stats[..], &ids[..]].concat()).await;
    let used: Vec<f64> = stats.lines().map(mebibytes).collect();
    let each = all.iter().zip(&used);
    let each: Vec<String> = each
        .map(|(one, used)| format!("{} {used:.0}", one.name))
        .collect();
    let whole: f64 = used.iter().sum();
    say::line(format_args!(
        "MiB: {}; together {whole:.0}",
        each.join(", ")
    ));
    assert!(whole < 1536.0, "{whole} MiB");
}

/// Reads `12.3MiB / 192MiB`.
fn mebibytes(text: &str) -> f64 {
    let used = text.split(" / ").next().unwrap_or_default().trim();
    let (number, factor) = match used {
        gib if gib.ends_with("GiB") => (gib.trim_end_matches("GiB"), 1024.0),
        kib if kib.ends_with("KiB") => (kib.trim_end_matches("KiB"), 1.0 / 1024.0),
        mib => (mib.trim_end_matches("MiB"), 1.0),
    };
    number.parse::<f64>().unwrap() * factor
}
