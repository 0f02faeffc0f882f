//! A brief drill: the short set of `make test-drill`.

use serde_json::Value;
use stack::Folder;
use tokio::time::timeout;

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
