//! Every part of the house is killed, frozen, cut off or slowed: the ledger has one fault for each, of its kind, and all end.

use std::time::Duration;

use holdfast::ha::FaultRow as Row;
use holdfast::say;
use tokio::time::{Instant, sleep};

use crate::open::{SETTLED, Shop};

/// How often the ledger is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long the two observers need to get to know everybody.
const ACQUAINTED: Duration = Duration::from_secs(8);
/// How long the second observer may take to see what the first one did, and consequences to follow.
const BOTH: Duration = Duration::from_secs(6);

/// A blow, and what has to be found of it.
struct Blow {
    /// As at the command line.
    deed: String,
    kind: &'static str,
    /// The part, as the ledger calls it.
    component: String,
    /// Within how many seconds.
    goal: f64,
}

fn blow(deed: &str, name: &str, kind: &'static str, goal: f64) -> Blow {
    Blow {
        deed: deed.replace('_', name),
        kind,
        component: name.to_owned(),
        goal,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn short_faults_of_every_kind_are_detected_recorded_once_and_closed() {
    let shop = Shop::open().await;
    sleep(ACQUAINTED).await;
    let before = shop.running.faults(0).await;
    say::line(format_args!("in the ledger before any blow: {before:?}"));
    for blow in [
        blow("kill _ stay", "order-1", "instance_killed", 5.0),
        blow("kill _ stay", "gateway-1", "instance_killed", 5.0),
        blow("kill _ stay", "control-1", "instance_killed", 5.0),
        blow("pause _ stay", "user-2", "instance_paused", 10.0),
        blow("cut _", "news-1", "instance_cut", 5.0),
        blow("slow _ 500", "order-2", "instance_slow", 5.0),
        blow("kill _ stay", "haproxy-1", "instance_killed", 5.0),
        blow("kill _ stay", "etcd-1", "instance_killed", 5.0),
    ] {
        strike(&shop, &blow).await;
    }
    let redis = shop.cache().await;
    let addr = shop.running.redis().primary().await.unwrap().port();
    let mut lost = blow("kill _ stay", &redis, "redis_node_down", 5.0);
    lost.component = format!("redis@127.0.0.1:{addr}");
    strike(&shop, &lost).await;
    let leader = shop.leader().await;
    strike(
        &shop,
        &blow("kill _ stay", &leader, "database_node_down", 5.0),
    )
    .await;
    shop.close().await;
}

/// Strikes once, and holds what the ledger says of it against `blow`: one fault that stands for itself, all others follow from
/// it, and all are over in the end.
async fn strike(shop: &Shop, blow: &Blow) {
    let known = shop.running.faults(0).await;
    let last = known.iter().map(|row| row.number).max().unwrap_or_default();
    shop.act(&blow.deed).await;

    let found = within(shop, last, "it is found", |rows| {
        rows.iter().any(|row| row.kind == blow.kind)
    })
    .await;
    sleep(BOTH).await;
    let name = blow.deed.split(' ').nth(1).unwrap();
    shop.act(&format!("resume {name}")).await;
    shop.healed().await;
    let all = within(shop, last, "all is over", |rows| {
        rows.iter().all(|row| row.resolution.is_some())
    })
    .await;

    let own: Vec<&Row> = all.iter().filter(|row| row.cause.is_none()).collect();
    let took = found.iter().find(|row| row.kind == blow.kind).unwrap().took;
    let rest: Vec<String> = all.iter().map(Row::to_string).collect();
    say::line(format_args!(
        "{:24} detected after {took:4.1} s (goal: {:.0} s): {}",
        blow.deed,
        blow.goal,
        rest.join(", ")
    ));
    assert_eq!(own.len(), 1, "{}: {all:?}", blow.deed);
    assert_eq!(
        (&*own[0].kind, &*own[0].component),
        (blow.kind, &*blow.component),
        "{}",
        blow.deed
    );
    assert_ne!(
        own[0].resolution.as_deref(),
        Some("false_alarm"),
        "{}",
        blow.deed
    );
    assert!(took < blow.goal * 3.0, "{}: {took}", blow.deed);
}

/// Waits until what is new in the ledger is `so`.
async fn within(shop: &Shop, last: i64, what: &str, so: impl Fn(&[Row]) -> bool) -> Vec<Row> {
    let end = Instant::now() + SETTLED;
    loop {
        let rows = shop.running.faults(last).await;
        if so(&rows) {
            return rows;
        }
        assert!(
            Instant::now() < end,
            "waited {SETTLED:?} until {what}: {rows:?}"
        );
        sleep(LOOK).await;
    }
}
