//! What a process tells of itself.
#![cfg(test)]

use http::HeaderMap;
use telemetry::collector::Collector;
use telemetry::{Format, Guard, Settings};
use tracing::{Instrument as _, info_span};

fn init(otlp: Option<&str>) -> Guard {
    telemetry::init(&Settings {
        service: "test".to_owned(),
        log: "warn".to_owned(),
        format: Format::Json,
        otlp: otlp.map(str::to_owned),
    })
}

#[tokio::test]
async fn a_collector_named_later_still_gets_every_span_from_then_on() {
    init(None);
    let collector = Collector::start().await.unwrap();

    let guard = init(Some(collector.endpoint()));
    let trace = async { telemetry::trace_id().unwrap() };
    let trace = trace.instrument(info_span!("work")).await;
    guard.flush().await;

    let spans = collector.trace(&trace, |spans| !spans.is_empty()).await;
    assert_eq!(spans[0].name, "work");
}

#[tokio::test]
async fn a_trace_has_an_id_though_nobody_collects_it() {
    init(None);

    let trace = info_span!("work").in_scope(telemetry::trace_id);

    assert_eq!(trace.map(|id| id.len()), Some(32));
    assert_eq!(telemetry::trace_id(), None);
}

#[tokio::test]
async fn a_server_goes_on_with_the_trace_that_its_caller_sent() {
    init(None);
    let mut headers = HeaderMap::new();
    let sent = info_span!("client").in_scope(|| {
        telemetry::inject(&mut headers);
        telemetry::trace_id()
    });

    let http = telemetry::http_server("test", &http::Method::GET, "/v1/news", &headers);
    let rpc = telemetry::rpc_server("test", "/holdfast.news.v1.News/ListArticles", &headers);

    assert!(sent.is_some());
    assert_eq!(http.in_scope(telemetry::trace_id), sent);
    assert_eq!(rpc.in_scope(telemetry::trace_id), sent);
}

#[tokio::test]
async fn a_malformed_trace_begins_a_new_one() {
    init(None);
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", "00-nonsense".parse().unwrap());

    let span = telemetry::rpc_server("test", "/a/b", &headers);

    assert!(span.in_scope(telemetry::trace_id).is_some());
}

#[tokio::test]
async fn metrics_are_shown_with_buckets_around_the_latency_goal() {
    init(None);

    metrics::histogram!("http_server_request_duration_seconds").record(0.2);

    let shown = telemetry::metrics();
    assert!(shown.contains(r#"http_server_request_duration_seconds_bucket{le="0.3"} 1"#));
}
