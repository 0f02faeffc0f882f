//! What is counted of connections. Alone in its process, since counters are shared by all of one.

#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

mod support;

use api::token::Given;
use db::{Db, Settings};
use support::{HELD_UP, LIMIT, Private, count, hold_up, keyed, patient, request, until, within};

/// The sum of the lines of `metrics` that begin with `start`.
fn sum(start: &str) -> f64 {
    let shown = telemetry::metrics();
    let lines = shown.lines().filter(|line| line.starts_with(start));
    lines
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum()
}

#[tokio::test]
async fn connections_in_use_waits_for_them_and_replicas_left_behind_are_counted() {
    let _guard = telemetry::init(&telemetry::Settings {
        service: "test".to_owned(),
        log: "warn".to_owned(),
        format: telemetry::Format::Json,
        otlp: None,
    });
    let private = Private::start().await;
    let narrow = Db::connect(Settings {
        primaries: vec![private.database.primary_url()],
        connections: 1,
        ..Settings::default()
    });

    let lock = hold_up(&private.database).await;
    let writing = tokio::spawn(async move { within(LIMIT, keyed(&narrow, "a")).await });
    until(&private.database, HELD_UP).await;
    let held = sum("db_connections_in_use{");
    drop(lock);
    writing.await.unwrap().unwrap();

    assert_eq!((held, sum("db_connections_in_use{")), (1.0, 0.0));
    assert_eq!(sum("db_connections_limit{").to_string(), "1");
    assert_eq!(sum("db_connection_wait_seconds_count{").to_string(), "1");

    let db = patient(&private.database);
    private.cluster.replica().pause_replay().await.unwrap();
    let (made, seen) = request(Given::Nothing, keyed(&db, "b")).await;
    made.unwrap();
    let (own, _) = request(seen, count(&db)).await;
    own.unwrap();

    assert_eq!(
        sum("db_reads_behind_total{name=\"count\"}").to_string(),
        "1"
    );
}
