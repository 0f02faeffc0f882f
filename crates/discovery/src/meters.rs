//! What is shown of one instance, as this process sees it.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::Instance;
use crate::standing::Verdict;

/// The metrics of one instance.
pub(crate) struct Meters {
    requests: Counter,
    failures: Counter,
    duration: Histogram,
    pending: Gauge,
    ejected: Gauge,
    weight: Gauge,
}

impl Meters {
    pub(crate) fn new(peer: &'static str, instance: &Instance) -> Self {
        let labels = [
            ("peer", peer.to_owned()),
            ("instance", instance.id.clone()),
            ("zone", instance.zone.clone()),
        ];
        Self {
            requests: counter!("rpc_endpoint_requests_total", &labels),
            failures: counter!("rpc_endpoint_failures_total", &labels),
            duration: histogram!("rpc_endpoint_duration_seconds", &labels),
            pending: gauge!("rpc_endpoint_pending", &labels),
            ejected: gauge!("rpc_endpoint_ejected", &labels),
            weight: gauge!("rpc_endpoint_weight", &labels),
        }
    }

    pub(crate) fn begin(&self) {
        self.requests.increment(1);
        self.pending.increment(1.0);
    }

    pub(crate) fn end(&self, verdict: Option<Verdict>, took: Duration) {
        self.pending.decrement(1.0);
        match verdict {
            Some(Verdict::Answered) => self.duration.record(took),
            Some(Verdict::Unable | Verdict::Failed) => self.failures.increment(1),
            None => {}
        }
    }

    pub(crate) fn ejected(&self, ejected: bool) {
        self.ejected.set(f64::from(u8::from(ejected)));
    }

    pub(crate) fn weight(&self, weight: u32) {
        self.weight.set(f64::from(weight));
    }
}

impl Drop for Meters {
    /// Shows that it has gone; what was counted stays.
    fn drop(&mut self) {
        self.ejected.set(0.0);
        self.weight.set(0.0);
    }
}
