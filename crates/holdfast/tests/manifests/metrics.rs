//! The metrics that rules and panels speak of: shown by the services, or by those who are named here.

use holdfast::house::{Ground, Keeper};

use super::shop::Shop;
use super::watched::content::{Said, said};
use super::watched::known::known;

/// What there is in the highly available form only, where `tests/ha/shown.rs` looks at everything.
const ELSEWHERE: [&str; 6] = [
    "patroni_",
    "haproxy_",
    "etcd_",
    "discovery_instances",
    "registry_instances",
    "scaling_",
];
/// The bound of the goal, and values that rules and panels choose by.
const CHOSEN: [&str; 6] = [
    "le=\"0.3\"",
    "status=\"201\"",
    "route=\"/v1/orders\"",
    "by=\"replica\"",
    "quantile=\"0.99\"",
    "priority=\"checkout\"",
];

fn is_here(metric: &str) -> bool {
    !ELSEWHERE.iter().any(|start| metric.starts_with(start))
}

/// A shop on databases of its own, in which one order was placed.
async fn with_an_order() -> (Shop, Vec<testkit::Database>) {
    let (mut keepers, mut kept) = (Vec::new(), Vec::new());
    for name in Ground::KEEPERS {
        let database = testkit::database(name).await;
        let (primary, replica) = (database.primary_url(), database.replica_url());
        keepers.push(Keeper {
            name,
            primary,
            replica,
        });
        kept.push(database);
    }
    let shop = Shop::open(keepers).await;
    shop.order().await;
    (shop, kept)
}

#[tokio::test]
async fn what_rules_and_panels_read_is_shown_once_an_order_is_placed() {
    let (shop, _kept) = with_an_order().await;
    let text = shop.metrics().await;
    let known = known(&text);

    let missing = known.missing(&said(), is_here);

    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
    for value in CHOSEN {
        assert!(text.contains(value), "nobody says {value}");
    }
    let planted = Said {
        place: "a panel".to_owned(),
        expr: "sum by (job) (rate(orders_planted_total{status=\"201\"}[5m]))".to_owned(),
    };
    assert_eq!(
        known.missing(&[planted], is_here),
        ["a panel: nobody shows orders_planted_total"]
    );
    shop.close().await;
}
