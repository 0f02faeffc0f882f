//! One trace holds every hop, whoever serves it.

use std::time::Duration;

use telemetry::collector::{Collector, Span};
use tokio::time::timeout;
use tracing::{Instrument as _, info_span};

use crate::tiny::Tiny;

#[tokio::test]
async fn a_trace_goes_on_over_every_hop_and_being_there_leaves_none() {
    let collector = Collector::start().await.unwrap();
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    let last = Tiny::start([endpoint]).await;
    let told = ("CONTROL_ADDRS", last.running.addr.to_string());
    let endpoint = (endpoint.0, endpoint.1.to_owned());
    let first = last.before([endpoint, told]).await;

    let asking = async {
        first.ask("ask: greet").await.unwrap();
        telemetry::trace_id().unwrap()
    };
    let trace = asking.instrument(info_span!("test")).await;
    attended().await;
    first.running.stop().await;
    last.running.stop().await;
    let spans = collector.trace(&trace, |spans| spans.len() >= 5).await;

    let root = spans.iter().find(|span| span.name == "test").unwrap();
    let mut way = vec![root];
    while let Some(next) = child(&spans, way[way.len() - 1]) {
        way.push(next);
    }
    let kinds: Vec<i32> = way.iter().map(|span| span.kind).collect();
    let (inside, client, server) = (1, 3, 2);
    assert_eq!(kinds, [inside, client, server, client, server]);
    let spans = collector.spans();
    let quiet = spans.iter().all(|span| !span.name.contains("Attend"));
    assert!(quiet, "{spans:?}");
}

/// Waits until an instance has told another one that it is there.
async fn attended() {
    let told = |line: &str| line.contains("rpc_client_duration") && line.contains("control");
    let attended = async {
        while !telemetry::metrics().lines().any(told) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let limit = Duration::from_mins(1);
    timeout(limit, attended)
        .await
        .expect("nobody is told of it");
}

fn child<'a>(spans: &'a [Span], parent: &Span) -> Option<&'a Span> {
    spans
        .iter()
        .find(|span| span.parent_span_id == parent.span_id)
}
