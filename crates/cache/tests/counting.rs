//! What is counted. Alone in its process, since counters are shared by all of one.
#![cfg(test)]

mod common;

use api::token::Given;
use common::{Source, process, read, token};

#[tokio::test]
async fn hits_misses_refusals_and_errors_are_counted() {
    let _guard = telemetry::init(&telemetry::Settings {
        service: "test".to_owned(),
        log: "warn".to_owned(),
        format: telemetry::Format::Json,
        otlp: None,
    });
    let redis = testkit::redis().await;
    let (here, there, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );

    read(&here, Given::Nothing, &source, 1, 10).await;
    read(&here, Given::Nothing, &source, 1, 10).await;
    read(&there, Given::Nothing, &source, 1, 10).await;
    read(&there, token(11), &source, 2, 20).await;
    redis.kill().await;
    here.invalidate("key", token(30)).await;

    let counted = telemetry::metrics();
    for result in ["miss", "process", "redis", "refused"] {
        let line = format!("cache_reads_total{{cache=\"things\",result=\"{result}\"}} 1");
        assert!(counted.contains(&line), "no `{line}` in\n{counted}");
    }
    assert!(counted.contains("cache_errors_total{"), "{counted}");
    assert!(counted.contains("cache_redis_lost_total 1"), "{counted}");
    assert!(counted.contains("cache_redis_seconds_count"), "{counted}");
}
