//! How this instance is: whether it may be sent requests, and what it misses.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use discovery::pulse::{DRAINING, INCARNATION};
use futures::future::join_all;
use http::{HeaderMap, HeaderValue};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Who asks for health waits for the answer; a part that does not say so by then is not well.
const CHECK: Duration = Duration::from_secs(1);

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// Something the instance works with.
#[derive(Clone)]
struct Part {
    name: &'static str,
    needed: bool,
    seen: Arc<AtomicBool>,
    check: Check,
}

/// What `/readyz` answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) ready: bool,
    /// Why it is not ready.
    pub(crate) waiting_for: Vec<&'static str>,
    /// What it works without for the moment.
    pub(crate) degraded: Vec<&'static str>,
}

/// Tells of this instance alone: started, has connected once, not draining. What all instances share never makes one
/// unready, or a single failover would empty every list of instances.
#[derive(Clone, Default)]
pub(crate) struct Health {
    parts: Arc<Mutex<Vec<Part>>>,
    /// Ends when the instance begins to drain.
    pub(crate) draining: CancellationToken,
    incarnation: Incarnation,
}

/// This life of the instance: another one after each start, the later the greater.
#[derive(Clone, Copy)]
struct Incarnation(Uuid);

impl Default for Incarnation {
    fn default() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Health {
    /// Says beside an answer which life of the instance gave it, and whether it is about to end in order.
    pub(crate) fn sign(&self, headers: &mut HeaderMap) {
        if let Ok(incarnation) = HeaderValue::from_str(&self.incarnation.0.to_string()) {
            headers.insert(INCARNATION, incarnation);
        }
        if self.draining.is_cancelled() {
            headers.insert(DRAINING, HeaderValue::from_static("true"));
        }
    }

    pub(crate) fn add<F>(
        &self,
        name: &'static str,
        needed: bool,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = bool> + Send + 'static,
    {
        let part = Part {
            name,
            needed,
            seen: Arc::default(),
            check: Arc::new(move || Box::pin(check())),
        };
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(part);
    }

    pub(crate) async fn report(&self) -> Report {
        let parts = self.parts.lock();
        let parts = parts.unwrap_or_else(PoisonError::into_inner).clone();
        let well = join_all(parts.iter().map(Part::is_well)).await;
        let (mut waiting_for, mut degraded) = (Vec::new(), Vec::new());
        for (part, well) in parts.iter().zip(well) {
            let seen = part.seen.fetch_or(well, Ordering::Relaxed) || well;
            if part.needed && !seen {
                waiting_for.push(part.name);
            } else if !well {
                degraded.push(part.name);
            }
        }
        Report {
            ready: waiting_for.is_empty() && !self.draining.is_cancelled(),
            waiting_for,
            degraded,
        }
    }
}

impl Part {
    async fn is_well(&self) -> bool {
        let answer = tokio::time::timeout(CHECK, (self.check)()).await;
        answer.unwrap_or(false)
    }
}
