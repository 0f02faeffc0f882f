//! Everything is started anew, one process after the other, as an update does it.

use std::time::Duration;

use drill::{Buyer, Customer, Goal, Load, Seen, watch};
use holdfast::say;
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::json;
use stack::Process;

use crate::open::{Shop, until};
use crate::strike::{SOME, strike};

/// How many follow an order of theirs meanwhile.
const FOLLOWERS: usize = 4;
/// How long an event may take that was long awaited.
const PATIENCE: Duration = Duration::from_mins(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_shop_that_is_started_anew_part_by_part_takes_orders_and_its_event_streams_resume() {
    let shop = Shop::open().await;
    let (mut followers, mut followed) = (Vec::new(), Vec::new());
    for number in 0..FOLLOWERS {
        let (doors, path) = order(&shop, number).await;
        followers.push((doors[0].clone(), path.clone()));
        followed.push(tokio::spawn(async move {
            watch(&doors, &format!("{path}/events"), "cancelled", PATIENCE).await
        }));
    }

    strike(
        &shop,
        "rolling restart of everything",
        Goal::seconds(4).one_retry(),
        async |shop, load| {
            for seat in shop.running.house().all() {
                restart(shop, load, seat.process().unwrap()).await;
            }
            restart_floor(shop, load).await;
        },
    )
    .await;

    for (mut customer, path) in followers {
        let cancelled = customer
            .post(&format!("{path}/cancel"), "stop", &json!({}))
            .await
            .unwrap();
        assert!(cancelled.status.is_success(), "{}", cancelled.text);
    }
    let mut opened = 0;
    for seen in followed {
        let seen: Seen = seen.await.unwrap().unwrap();
        opened += seen.opened;
        let all: Vec<i64> = (seen.versions[0]..).take(seen.versions.len()).collect();
        assert_eq!(seen.versions, all, "events that were missed or came twice");
    }
    say::line(format_args!(
        "  {FOLLOWERS} event streams were opened {opened} times; each event came once"
    ));
    assert!(opened > FOLLOWERS, "no stream was broken");
    shop.close().await;
}

/// Has somebody place an order; answers them at both doors, and the order's path.
async fn order(shop: &Shop, number: usize) -> (Vec<Customer>, String) {
    let mut buyer = Buyer::join(&shop.fronts[0], 1_000).await.unwrap();
    let body = json!({"items": [{"product_id": shop.mug.shown(), "quantity": 1}]});
    let placed = buyer
        .customer
        .post("/v1/orders", "follow", &body)
        .await
        .unwrap();
    assert_eq!(placed.status, 201, "{}", placed.text);
    let path = format!("/v1/orders/{}", placed.id());
    let read = buyer
        .customer
        .send(Method::GET, &path, None, None)
        .await
        .unwrap();
    assert_eq!(read.status, 200, "{}", read.text);
    let doors = shop
        .fronts
        .iter()
        .cycle()
        .skip(number)
        .take(shop.fronts.len());
    (doors.map(|front| buyer.customer.at(front)).collect(), path)
}

/// Ends a process in order; whoever sees to it starts it again. Returns when all is well and orders go on.
async fn restart(shop: &Shop, load: &Load, process: &Process) {
    process.hold();
    process.stop(Signal::SIGTERM).await;
    process.let_go();
    until("it runs again", async || process.alive()).await;
    well(shop, load).await;
}

/// Waits until the next one may be taken: all is well, and what was under way is over.
async fn well(shop: &Shop, load: &Load) {
    shop.healed().await;
    load.goes_on(SOME).await.unwrap();
}

/// The replicas first: the leader is one when its turn comes.
async fn restart_floor(shop: &Shop, load: &Load) {
    let cluster = shop.running.cluster();
    let first = shop.leader().await;
    let nodes = cluster.nodes().iter();
    let (last, replicas): (Vec<_>, Vec<_>) = nodes.partition(|node| node.name() == first);
    for node in replicas {
        restart(shop, load, node.process()).await;
    }
    shop.act("switchover").await;
    well(shop, load).await;
    restart(shop, load, last[0].process()).await;
    for member in cluster.etcd() {
        restart(shop, load, member.process()).await;
    }
    for haproxy in cluster.haproxies() {
        restart(shop, load, haproxy.process()).await;
    }
    let redis = shop.running.redis();
    for server in redis.servers() {
        restart(shop, load, server.process()).await;
    }
    for sentinel in redis.sentinels() {
        restart(shop, load, sentinel.process()).await;
    }
}
