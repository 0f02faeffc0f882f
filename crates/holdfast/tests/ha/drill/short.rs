//! A brief drill, and one that has to find a mistake: the short set of `make test-drill`.

use drill::{Kind, Part, Service};
use serde_json::Value;
use stack::Folder;
use tokio::time::timeout;

use super::planted::{Planted, rounds};
use super::{LIMIT, drill};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn a_brief_drill_passes_and_reports() {
    let folder = Folder::scratch().unwrap();
    let words = "--minutes 1 --seed 7 --rate 6 --only kill,dropped-caches,one-way";

    let told = timeout(LIMIT, drill(&folder, words).output())
        .await
        .unwrap()
        .unwrap();

    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{said}");
    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(report["against"], serde_json::json!([]));
    assert!(report["totals"]["acknowledged"].as_u64() > Some(30));
    assert!(report["rounds"].as_array().unwrap().len() >= 3, "{said}");
    assert!(read("index.html").contains(">PASS<"));
    assert!(read("history.jsonl").lines().count() > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_keys_that_are_not_unique_are_found_as_doubled_orders() {
    let planted = Planted::new(&[("order", "alter table keys drop constraint keys_pkey")]);

    // It takes orders, and its answers stand still: whoever waits for one sends the same key elsewhere.
    let mute = [(Kind::OneWay, Part::Instance(Service::Order, 1))];
    let report = planted.visited_by(12).drilled(rounds(2, &mute)).await;

    report.has_against("no key has two orders", &["key drill-", "customer "]);
}
