//! Where spans go: nowhere, until a collector is named.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, Sampler, SamplingResult, ShouldSample, Span, SpanData, SpanProcessor,
};

/// Hands spans to a batch for the collector, once there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sink(Arc<OnceLock<BatchSpanProcessor>>);

/// Records spans only while somebody collects them; ids are given in any case.
#[derive(Clone, Debug)]
pub(crate) struct OnDemand(pub(crate) Sink);

impl Sink {
    /// Sends spans to `endpoint` from now on. The first endpoint stays.
    pub(crate) fn open(&self, endpoint: &str, resource: &Resource) {
        self.0.get_or_init(|| batch(endpoint, resource));
    }
}

fn batch(endpoint: &str, resource: &Resource) -> BatchSpanProcessor {
    // The exporter's connection lives on a runtime of its own, since the batch thread blocks on it: sharing the
    // service's workers it could wait for a worker that waits for it.
    let runtime = own_runtime();
    let _entered = runtime.enter();
    let mut batch = BatchSpanProcessor::builder(exporter(endpoint)).build();
    batch.set_resource(resource);
    batch
}

fn exporter(endpoint: &str) -> SpanExporter {
    SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .expect("the address was read as one when the settings were")
}

fn own_runtime() -> tokio::runtime::Handle {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a process that has a runtime can have a second one");
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
}

impl SpanProcessor for Sink {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if let Some(batch) = self.0.get() {
            batch.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.get().map_or(Ok(()), SpanProcessor::force_flush)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0
            .get()
            .map_or(Ok(()), |batch| batch.shutdown_with_timeout(timeout))
    }
}

impl ShouldSample for OnDemand {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let sampler = match self.0.0.get() {
            Some(_) => Sampler::ParentBased(Box::new(Sampler::AlwaysOn)),
            None => Sampler::AlwaysOff,
        };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}
