//! What is true of Kubernetes alone.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::cluster::Cluster;
use crate::same::{ANN, BOB, CYD, Knows as _, LIMIT, Seen};

async fn until(what: &str, so: impl Fn() -> bool) {
    let looking = async {
        while !so() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let so = tokio::time::timeout(LIMIT, looking).await;
    so.unwrap_or_else(|_| panic!("not within {LIMIT:?}: {what}"));
}

#[tokio::test]
async fn a_watch_that_ended_goes_on_from_the_last_bookmark() {
    let mut cluster = Cluster::start().await;
    cluster.says(&[ANN]).await;
    let mut seen = Seen::of(&cluster);
    seen.until_at(&[ANN]).await;

    let version = cluster.shared.bookmark();
    let begun = cluster.shared.watches.clone();
    until("a bookmark is taken", || {
        cluster.shared.end_watches();
        begun.lock().unwrap().last() == Some(&version)
    })
    .await;
    cluster.says(&[ANN, BOB]).await;

    seen.until_at(&[ANN, BOB]).await;
    assert_eq!(cluster.shared.lists.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_watch_that_comes_too_late_is_begun_with_a_new_list() {
    let mut cluster = Cluster::start().await;
    cluster.says(&[ANN, BOB]).await;
    let mut seen = Seen::of(&cluster);
    seen.until_at(&[ANN, BOB]).await;

    // What happens now no watch will ever tell.
    cluster.goes().await;
    cluster.says(&[ANN, CYD]).await;
    cluster.shared.compact();
    cluster.returns().await;

    seen.until_at(&[ANN, CYD]).await;
    assert!(cluster.shared.lists.load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn an_open_watch_that_is_told_410_is_begun_with_a_new_list() {
    let mut cluster = Cluster::start().await;
    cluster.says(&[ANN, BOB]).await;
    let mut seen = Seen::of(&cluster);
    seen.until_at(&[ANN, BOB]).await;
    let lists = cluster.shared.lists.load(Ordering::SeqCst);

    cluster.shared.compact();

    until("it is listed anew", || {
        cluster.shared.lists.load(Ordering::SeqCst) > lists
    })
    .await;
    cluster.says(&[CYD]).await;
    seen.until_at(&[CYD]).await;
}

#[tokio::test]
async fn pods_tell_their_zone_and_whether_they_are_ready_and_have_moved_to_another_slice() {
    let cluster = Cluster::start().await;
    let pod = |ip: &str, ready: bool| {
        json!({"addresses": [ip], "conditions": {"ready": ready}, "zone": "a",
               "targetRef": {"kind": "Pod", "name": format!("order-{ip}")}})
    };
    let both = json!([pod("127.0.0.1", true), pod("127.0.0.2", true)]);
    cluster.shared.write("order-abc", &both);
    let mut seen = Seen::of(&cluster);
    let list = seen.until_at(&[ANN, BOB]).await;
    assert!(list.iter().all(|one| one.zone == "a"));
    assert_eq!(list[0].id, "order-127.0.0.1");

    let ending = json!([pod("127.0.0.1", true), pod("127.0.0.2", false)]);
    cluster.shared.write("order-abc", &ending);
    seen.until_at(&[ANN]).await;
    cluster.shared.write("order-def", &both);

    let list = seen.until_at(&[ANN, BOB]).await;
    assert_eq!(list.len(), 2);
}

#[tokio::test]
async fn a_service_that_has_no_pods_any_more_has_no_instances() {
    let mut cluster = Cluster::start().await;
    cluster.says(&[ANN, BOB]).await;
    let mut seen = Seen::of(&cluster);
    seen.until_at(&[ANN, BOB]).await;

    cluster.says(&[]).await;

    seen.until(<[_]>::is_empty).await;
}

#[tokio::test]
async fn over_tls_the_api_server_must_be_the_one_that_the_account_trusts() {
    let mut cluster = Cluster::secure().await;
    cluster.says(&[ANN, BOB]).await;
    Seen::of(&cluster).until_at(&[ANN, BOB]).await;

    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    cluster.trust(&stranger.cert.pem());

    let asked = cluster.shared.lists.load(Ordering::SeqCst);
    Seen::of(&cluster).stays().await;
    assert_eq!(cluster.shared.lists.load(Ordering::SeqCst), asked);
}
