//! One order leaves one trace.

use std::path::PathBuf;

use holdfast::house::{Kind, Place};
use reqwest::Method;
use serde_json::json;
use telemetry::collector::Collector;

use crate::open::{PATIENT, Shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_an_order_holds_gateway_order_user_and_their_statements() {
    let logs = tempfile::tempdir().unwrap();
    let collector = Collector::start().await.unwrap();
    // Processes of their own: no other test's spans crowd theirs out.
    let place = Place::Apart {
        program: PathBuf::from(env!("CARGO_BIN_EXE_holdfast")),
        logs: logs.path().to_owned(),
    };
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
        PATIENT,
    ];
    let shop = Shop::empty(false, &settings, place).await;
    for kind in Kind::ALL {
        shop.house.add(kind, &[]).await.unwrap();
    }
    shop.house.ready().await.unwrap();
    let mug = shop.shelve(5).await;
    let mut customer = shop.customer(10_000).await;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let trace = uuid::Uuid::now_v7().simple().to_string();
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");

    let headers = [
        ("Idempotency-Key", Some("k")),
        ("traceparent", Some(parent.as_str())),
    ];
    let placed = customer
        .ask(Method::POST, "/v1/orders", &headers, Some(body))
        .await
        .unwrap();
    // Whoever ends sends what it has recorded.
    shop.close().await;

    assert_eq!(placed.status, 201, "{}", placed.text);
    let wanted = [
        "/v1/orders",
        "Orders/Place",
        "Wallet/Charge",
        "insert into orders",
        "insert into payments",
        "commit",
    ];
    let found = |spans: &[telemetry::collector::Span], part: &str| {
        spans.iter().any(|span| {
            span.name.contains(part)
                || span
                    .attributes
                    .iter()
                    .any(|a| format!("{a:?}").contains(part))
        })
    };
    let spans = collector
        .trace(&trace, |spans| wanted.iter().all(|part| found(spans, part)))
        .await;
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    for part in wanted {
        assert!(found(&spans, part), "no span of `{part}` among {names:?}");
    }
}
