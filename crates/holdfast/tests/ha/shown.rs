//! What rules and panels read is what a running shop shows, highly available: the services, Patroni, HAProxy, etcd.

use std::fmt::Write as _;

use drill::Load;
use stack::{Etcd, HaProxy};

use crate::open::Shop;
use crate::strike::SOME;
use crate::watched::content::said;
use crate::watched::known::known;

/// Values of labels that rules and panels choose by.
const CHOSEN: [&str; 5] = [
    "proxy=\"primary\"",
    "proxy=\"replicas\"",
    "proxy=\"gateways\"",
    "state=\"UP\"",
    "by=\"replica\"",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn short_all_that_rules_and_panels_read_is_shown() {
    let shop = Shop::open().await;
    let load = Load::begin(shop.plan()).await.unwrap();
    load.goes_on(SOME).await.unwrap();
    load.end().await.unwrap();

    let text = metrics(&shop).await;

    let missing = known(&text).missing(&said(), |_| true);
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
    for value in CHOSEN {
        assert!(text.contains(value), "nobody says {value}");
    }
    shop.close().await;
}

/// All that every part of `shop` shows.
async fn metrics(shop: &Shop) -> String {
    let cluster = shop.running.cluster();
    let nodes = cluster.nodes().iter().map(|node| node.shown_rest());
    let proxies = cluster.haproxies().iter().map(HaProxy::admin);
    let members = cluster.etcd().iter().map(Etcd::port);
    let seats = shop.running.house().all();
    let services = seats.iter().map(|seat| seat.admin().port());
    let mut text = String::new();
    for port in nodes.chain(proxies).chain(members).chain(services) {
        let answer = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await;
        let answer = answer.unwrap().error_for_status().unwrap();
        writeln!(text, "{}", answer.text().await.unwrap()).unwrap();
    }
    text
}
