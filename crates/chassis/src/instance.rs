//! This instance of a service: what it needs, and what runs beside its requests.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use retry::Backoff;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use crate::admin;
use crate::allowance::{Allowance, Heard};
use crate::health::Health;

/// Work that panics is begun again after a while: at once it would only panic again.
const AFTER_PANIC: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
/// What work in the background is given to come to an end.
const LIMIT: Duration = Duration::from_secs(5);

/// This instance of a service, as [`crate::Service::begin`] is given it.
#[derive(Clone)]
pub struct Instance {
    pub(crate) name: &'static str,
    pub(crate) health: Health,
    heard: Heard,
    tasks: TaskTracker,
    /// Asks work to come to its end.
    closing: CancellationToken,
    /// Drops work that has not.
    ended: CancellationToken,
}

impl Instance {
    pub(crate) fn new(name: &'static str, heard: Heard) -> Self {
        Self {
            name,
            health: Health::default(),
            heard,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            ended: CancellationToken::new(),
        }
    }

    /// Names what this instance must have reached once before it is ready. Missing later, it is listed as degraded.
    pub fn needs<F>(&self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = bool> + Send + 'static,
    {
        self.health.add(name, true, check);
    }

    /// Names what this instance can do without. Missing, it is listed as degraded.
    pub fn wants<F>(&self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = bool> + Send + 'static,
    {
        self.health.add(name, false, check);
    }

    /// `/livez` and `/readyz` as a router, for a service that answers HTTP at its own door too.
    pub fn probes(&self) -> axum::Router {
        admin::probes(self.health.clone())
    }

    /// Runs `work` beside the requests until it returns. The token it is given ends after the last request was answered:
    /// it then has five seconds to come to its end. Work that panics is begun again.
    pub fn spawn<F>(
        &self,
        name: &'static str,
        work: impl Fn(CancellationToken) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let (closing, ended) = (self.closing.clone(), self.ended.clone());
        self.tasks.spawn(async move {
            let lasting = lasting(name, &closing, &work);
            if ended.run_until_cancelled(lasting).await.is_none() {
                warn!(work = name, "did not come to an end in time");
            }
        });
    }

    /// Has `act` do what operators say of this service: at once, and at each change.
    pub fn heed(&self, act: impl Fn(&Allowance) + Send + Sync + 'static) {
        let (heard, act) = (self.heard.clone(), Arc::new(act));
        self.spawn("allowance", move |closing| {
            let (mut allowance, act) = (heard.allowance(), act.clone());
            async move {
                loop {
                    act(&allowance.borrow_and_update().clone());
                    let changed = closing.run_until_cancelled(allowance.changed()).await;
                    if !matches!(changed, Some(Ok(()))) {
                        return;
                    }
                }
            }
        });
    }

    /// Brings the work in the background to its end.
    pub(crate) async fn end(&self) {
        self.closing.cancel();
        self.tasks.close();
        if tokio::time::timeout(LIMIT, self.tasks.wait())
            .await
            .is_err()
        {
            self.ended.cancel();
            self.tasks.wait().await;
        }
    }
}

async fn lasting<F>(
    name: &'static str,
    closing: &CancellationToken,
    work: &(impl Fn(CancellationToken) -> F + Send + Sync),
) where
    F: Future<Output = ()> + Send,
{
    for panics in 0.. {
        // Each begins with fresh state: nothing that the panic left half done is seen again.
        let attempt = AssertUnwindSafe(async { work(closing.clone()).await });
        if attempt.catch_unwind().await.is_ok() || closing.is_cancelled() {
            return;
        }
        error!(work = name, panics, "panicked and is begun again");
        metrics::counter!("background_panics_total", "work" => name).increment(1);
        let wait = tokio::time::sleep(AFTER_PANIC.draw(panics));
        closing.run_until_cancelled(wait).await;
    }
}
