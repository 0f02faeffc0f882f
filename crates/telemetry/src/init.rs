//! Starts logs, traces and metrics, once per process.

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::export::{OnDemand, Sink};
use crate::logs::{Format, Line};
use crate::prometheus;

/// What the last spans are given to leave the process.
const FLUSH: Duration = Duration::from_secs(3);

/// What to tell, and where to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who speaks: `order`.
    pub service: String,
    /// What is logged, as a filter: `info`, `info,order=debug`.
    pub log: String,
    /// How it is logged.
    pub format: Format,
    /// Where spans go: the URL of an OTLP collector over gRPC. Without one, traces have ids and go nowhere.
    pub otlp: Option<String>,
}

/// Holds what has been started. Dropping it ends nothing; see [`Guard::shutdown`].
#[derive(Clone, Debug)]
pub struct Guard {
    provider: SdkTracerProvider,
    sink: Sink,
}

static STARTED: OnceLock<Guard> = OnceLock::new();

/// Starts logs, traces and metrics. Called again in the same process, it keeps what runs; only a collector that was not
/// known before is added.
pub fn init(settings: &Settings) -> Guard {
    let guard = STARTED.get_or_init(|| start(settings));
    prometheus::build_info(&settings.service);
    if let Some(endpoint) = &settings.otlp {
        guard.sink.open(endpoint, &resource(&settings.service));
    }
    guard.clone()
}

/// Whether a text is a filter as [`Settings::log`] takes it.
pub fn is_filter(text: &str) -> bool {
    EnvFilter::try_new(text).is_ok()
}

fn start(settings: &Settings) -> Guard {
    let sink = Sink::default();
    let provider = SdkTracerProvider::builder()
        .with_sampler(OnDemand(sink.clone()))
        .with_span_processor(sink.clone())
        .with_resource(resource(&settings.service))
        .build();
    prometheus::install();
    // Fails where a test has set a subscriber of its own; that one then stays.
    let _ = tracing::subscriber::set_global_default(
        Registry::default()
            .with(traces(&provider))
            .with(logs(settings)),
    );
    Guard { provider, sink }
}

fn resource(service: &str) -> Resource {
    Resource::builder()
        .with_service_name(format!("holdfast-{service}"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

fn traces<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("holdfast"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        // How long a span was not being worked at would be counted at every step of every request.
        .with_tracked_inactivity(false)
        .with_filter(tracing_subscriber::filter::LevelFilter::INFO)
}

fn logs<S>(settings: &Settings) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt::layer()
        .event_format(Line::new(settings.format))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // Lines tell their trace and no spans, whose fields would be written down for them at each request.
        .with_filter(filter.and(filter_fn(is_event)))
}

/// Whether it is the place of a line.
fn is_event(callsite: &Metadata<'_>) -> bool {
    callsite.is_event()
}

impl Guard {
    /// Sends what has been recorded so far. Returns when it has left, or has had its time.
    pub async fn flush(&self) {
        let provider = self.provider.clone();
        // The exporter blocks its thread, so it gets one of its own: on a worker it could wait for itself.
        let flushed = tokio::task::spawn_blocking(move || provider.force_flush());
        let _ = tokio::time::timeout(FLUSH, flushed).await;
    }

    /// Sends what has been recorded and ends the sending for good.
    pub async fn shutdown(&self) {
        let provider = self.provider.clone();
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH));
        let _ = tokio::time::timeout(FLUSH, ended).await;
    }
}
