//! A customer reads what they wrote, though reads go to replicas and caches.

use std::time::Duration;

use drill::Customer;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::open::{PATIENT, SETTLED, Shop, Wanted, until_known, until_read};

/// How long the replica shows nothing new.
const PAUSED: Duration = Duration::from_secs(2);

/// Changes the customer's name, again while nobody knows whether it is changed.
async fn rename(customer: &mut Customer, name: &str) {
    let end = Instant::now() + SETTLED;
    loop {
        let etag = until_read(customer, "/v1/me").await.etag.unwrap();
        let change = customer.change("/v1/me", &etag, json!({"name": name}));
        let changed = change.await.unwrap();
        if changed.status == StatusCode::OK {
            return;
        }
        assert!(Instant::now() < end, "{}", changed.text);
        sleep(Duration::from_millis(100)).await;
    }
}

/// Writes and reads back until `end`; answers how often.
async fn write_and_read(mut customer: Customer, mug: String, end: Instant) -> u32 {
    let mut turns = 0;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    while Instant::now() < end {
        let answer = until_known(&mut customer, &format!("k{turns}"), &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let found = until_read(&mut customer, &format!("/v1/orders/{}", answer.id())).await;
        assert_eq!(
            found.body["status"], "confirmed",
            "its own order, as it was before"
        );
        let list = until_read(&mut customer, "/v1/orders?limit=1").await;
        assert_eq!(
            list.body["data"][0]["id"], answer.body["id"],
            "its own list, as it was before"
        );
        let name = format!("Ann {turns}");
        rename(&mut customer, &name).await;
        let me = until_read(&mut customer, "/v1/me").await;
        assert_eq!(me.body["name"], *name, "its own profile, as it was before");
        turns += 1;
    }
    turns
}

/// How many reads each kind of server answered in this process so far.
fn served(by: &str) -> f64 {
    let metrics = telemetry::metrics();
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with("db_reads_total") && line.contains(by));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_customers_read_their_own_writes_while_the_replica_stands_still() {
    // What is tested is what they read: on a small machine they are many, and nobody is to be sent away or given up.
    let settings = &[
        ("RATE_SIGN_IN", "1000000/1m"),
        ("MIN_IN_FLIGHT", "256"),
        PATIENT,
    ];
    let shop = Shop::wanted(Wanted {
        count: 1,
        own_pair: true,
        settings,
    })
    .await;
    let mug = shop.shelve(1_000_000).await;
    let mut customers = Vec::new();
    for _ in 0..50 {
        customers.push(shop.customer(1_000_000).await);
    }
    let replica = shop.pair.as_ref().unwrap().replica();
    let before = (served("replica"), served("primary"));
    let end = Instant::now() + PAUSED + Duration::from_secs(2);
    let load = customers
        .into_iter()
        .map(|customer| tokio::spawn(write_and_read(customer, mug.clone(), end)));
    let load: Vec<_> = load.collect();

    sleep(Duration::from_secs(1)).await;
    replica.pause_replay().await.unwrap();
    sleep(PAUSED).await;
    replica.resume_replay().await.unwrap();

    let turns: Vec<u32> = join_all(load)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(turns.iter().all(|turns| *turns > 0), "{turns:?}");
    let replica = served("replica") - before.0;
    let primary = served("primary") - before.1;
    holdfast::say::line(format_args!(
        "{} own reads, 0 stale; {:.0} % of the {} reads in this process meanwhile came from replicas",
        turns.iter().sum::<u32>() * 4,
        100.0 * replica / (replica + primary),
        replica + primary
    ));
    shop.close().await;
}
