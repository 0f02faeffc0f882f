//! Metrics: recorded by the `metrics` macros anywhere, shown in Prometheus' words here.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The bounds of every histogram of seconds; 0.3 is the latency goal, so the share below it is exact.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 1.0, 2.5, 5.0,
];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder of this process.
pub(crate) fn install() {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .expect("the bounds above are not empty")
        .build_recorder();
    let handle = recorder.handle();
    // Fails where a test has a recorder of its own; then there is nothing to show here.
    if metrics::set_global_recorder(recorder).is_ok() {
        let _ = HANDLE.set(handle);
    }
}

/// Says that `service` runs here, in which version.
pub(crate) fn build_info(service: &str) {
    metrics::gauge!(
        "build_info",
        "service" => service.to_owned(),
        "version" => env!("CARGO_PKG_VERSION"),
    )
    .set(1.0);
}

/// All metrics as Prometheus reads them; empty before [`crate::init()`].
pub fn metrics() -> String {
    HANDLE
        .get()
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}

/// Folds what histograms have gathered. Called every few seconds, so that memory stays bounded while nobody asks.
pub fn upkeep() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}
