//! What the API answers about scaling, as far as a page shows it.

use serde::Deserialize;

/// How a service is scaled.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Scaling {
    pub(super) service: String,
    pub(super) desired: Option<Desired>,
    pub(super) present: u32,
    pub(super) least: u32,
    pub(super) most: u32,
    pub(super) load_per_second: f64,
    pub(super) per_instance: Option<f64>,
    pub(super) per_instance_from: String,
    pub(super) instances: Vec<Used>,
    pub(super) fit: Option<Fit>,
    pub(super) decisions: Vec<Decision>,
}

/// How many are wanted.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Desired {
    pub(super) count: u32,
    pub(super) why: String,
    pub(super) floor: u32,
    pub(super) forecast: Option<u32>,
    pub(super) decided_at: String,
    pub(super) valid_until: String,
    pub(super) expired: bool,
}

/// What an instance does and uses.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Used {
    pub(super) instance: String,
    pub(super) asked_per_second: f64,
    pub(super) refused_per_second: f64,
    pub(super) latency_millis: f64,
    pub(super) cpu: f64,
    pub(super) memory_bytes: u64,
    pub(super) in_flight: u32,
    pub(super) limit: u32,
}

/// What an instance is to be given.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fit {
    cpu_request_millis: u32,
    memory_request_bytes: u64,
    memory_limit_bytes: u64,
}

impl Fit {
    /// Processors.
    pub(super) fn processors(&self) -> String {
        format!("{:.2}", f64::from(self.cpu_request_millis) / 1000.0)
    }

    /// Memory to be requested, and the most of it, in MiB.
    pub(super) fn mebibytes(&self) -> [u64; 2] {
        [self.memory_request_bytes, self.memory_limit_bytes].map(|bytes| bytes >> 20)
    }
}

/// One decision.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Decision {
    pub(super) count: u32,
    pub(super) before: Option<u32>,
    pub(super) why: String,
    pub(super) floor: u32,
    pub(super) forecast: Option<u32>,
    pub(super) load_per_second: f64,
    pub(super) per_instance: Option<f64>,
    pub(super) least: u32,
    pub(super) most: u32,
    pub(super) decided_at: String,
}

/// What load is expected of a service.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Forecast {
    pub(super) model: String,
    pub(super) none: String,
    pub(super) made_at: String,
    pub(super) holds_until: String,
    pub(super) history: Vec<Point>,
    #[serde(rename = "forecast")]
    pub(super) to_come: Vec<Point>,
    pub(super) judged_steps: u32,
    pub(super) mean_error: f64,
    pub(super) error_share: f64,
    pub(super) standing: String,
}

/// One step of five minutes; requests a second.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Point {
    pub(super) at: String,
    pub(super) came: Option<f64>,
    pub(super) expected: Option<f64>,
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
}
