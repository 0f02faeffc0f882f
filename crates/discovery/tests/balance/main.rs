//! Who gets the calls while instances are slow, dead, frozen, ill, heavy, drained or far away.
#![cfg(test)]
#![allow(
    clippy::print_stderr,
    reason = "figures are printed beside their goals"
)]

use std::sync::Arc;
use std::time::Duration;

use discovery::overlay::{Adjusted, Overlay};
use discovery::{Channel, Directory, Fixed, Instance, Settings};
use fake::{Fake, Manner};
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::{Instant, sleep};

mod bounds;
#[path = "../channel/fake.rs"]
#[allow(
    dead_code,
    reason = "made for the tests of `channel`, which use all of it"
)]
mod fake;
mod faults;
mod load;
mod shares;

/// How long anything may take to be noticed.
const LIMIT: Duration = Duration::from_mins(1);

static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other test of this file is running: they measure time.
async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// Three instances that take `time` for an answer.
async fn three(time: Duration) -> [Fake; 3] {
    let start = || Fake::start(Manner::Slow(time));
    let (ann, bob, cyd) = tokio::join!(start(), start(), start());
    [ann, bob, cyd]
}

fn channel(addrs: impl IntoIterator<Item = impl ToString>) -> Channel {
    let addrs = addrs.into_iter().map(|addr| addr.to_string());
    discovery::channel("fake", &Fixed::new(addrs), &Settings::default())
}

/// A list that says in which zone each instance stands.
struct Zoned(watch::Receiver<Arc<[Instance]>>);

impl Zoned {
    fn new(instances: impl IntoIterator<Item = (impl ToString, &'static str)>) -> Self {
        let instances = instances.into_iter().map(|(addr, zone)| Instance {
            id: addr.to_string(),
            addr: addr.to_string(),
            zone: zone.to_owned(),
            ready: true,
        });
        Self(watch::channel(instances.collect()).1)
    }
}

impl Directory for Zoned {
    fn watch(&self) -> watch::Receiver<Arc<[Instance]>> {
        self.0.clone()
    }
}

/// An overlay that says this of these.
fn overlay(said: impl IntoIterator<Item = (String, Adjusted)>) -> Arc<Overlay> {
    Arc::new(Overlay(said.into_iter().collect()))
}

/// How many calls each got while `work` ran.
async fn calls_during<const N: usize>(fakes: &[Fake; N], work: impl Future) -> [usize; N] {
    let before = fakes.each_ref().map(Fake::calls);
    work.await;
    let mut at = 0;
    before.map(|before| {
        at += 1;
        fakes[at - 1].calls() - before
    })
}

/// Looks until it is so, within the limit.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed()
}
