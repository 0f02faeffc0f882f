//! Somebody who wants the lock again and again, and writes to the resource under it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use discovery::{Fixed, Settings, channel};
use lock::{Guard, Locks, Mode, Terms};

use super::INSTANCES;
use super::desk::Desk;
use super::resource::Resource;
use crate::clock;
use crate::net::Host;
use crate::trace::Trace;
use crate::wire;

/// How often it looks at its guard.
const LOOK: Duration = Duration::from_millis(10);
/// How long it waits for the lock.
const WAIT: Duration = Duration::from_secs(8);

/// Who says that it holds the lock holds it by the database, too; so who loses it hears of it before.
pub(crate) const STANDS: &str = "a lost lock is told before its ttl is over";
/// A guard's token is greater than those of all guards that were there when it was asked for.
pub(crate) const GROW: &str = "tokens grow";

pub(crate) const LOST: &str = "a guard says that it is lost";
pub(crate) const RENEWED: &str = "a guard lives for longer than its ttl";

/// Somebody who wants the lock.
#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) name: Host,
    pub(crate) ttl: Duration,
    pub(crate) desk: Desk,
    pub(crate) resource: Resource,
    pub(crate) trace: Trace,
    /// The greatest token that anybody was told.
    pub(crate) tokens: Arc<AtomicI64>,
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) bug: &'static str,
}

/// How it stands to the lock.
#[derive(Default)]
pub(crate) struct State {
    /// When it last saw that it holds it.
    holds: Option<Duration>,
    had: Duration,
}

impl Holder {
    /// Whether it says that it holds the lock; who stands still says nothing.
    pub(crate) fn believes(&self) -> bool {
        let holds = self.state().holds;
        holds.is_some_and(|said| clock::now() <= said + LOOK)
    }

    /// Whether it was granted the lock since then.
    pub(crate) fn had_it_since(&self, when: Duration) -> bool {
        self.state().had >= when
    }

    /// Lives once.
    pub(crate) async fn run(self) {
        let settings = Settings {
            quiet: true,
            network: wire::network(self.name, &INSTANCES, |_| {}),
            ..Settings::default()
        };
        let instances = Fixed::new(INSTANCES.map(wire::addr));
        let locks = Locks::over(channel("control", &instances, &settings));
        let terms = Terms {
            mode: Mode::Exclusive,
            ttl: self.ttl,
            wait: WAIT,
            max_hold: None,
        };
        loop {
            let owner = locks.owner(self.name);
            let before = self.tokens.load(Ordering::Relaxed);
            match owner.acquire("shelf", terms).await {
                Ok(guard) => {
                    let token = guard.fence().token();
                    let how = format!("{} was granted {token} after {before}", self.name);
                    self.trace.check(GROW, token > before, how);
                    self.tokens.fetch_max(token, Ordering::Relaxed);
                    self.state().had = clock::now();
                    self.hold(guard, owner.name()).await;
                }
                Err(error) => self.trace.tell(format_args!("{}: {error}", self.name)),
            }
            pause(50..800).await;
        }
    }

    async fn hold(&self, guard: Guard, owner: &str) {
        let token = guard.fence().token();
        let _believing = Believing(self);
        self.trace.tell(format_args!("{} holds {token}", self.name));
        let Some(read) = self.resource.show(token) else {
            return;
        };
        let begun = clock::now();
        let works = Duration::from_millis(rand::random_range(100..5_000));
        // One that was paused in the middle of its work does not look before it goes on.
        let blind = rand::random_bool(0.4);
        let mut lost = false;
        while clock::now() < begun + works {
            let held = guard.is_held();
            self.state().holds = held.then(clock::now);
            let stands = !held || self.desk.stands(owner);
            self.trace.check(STANDS, stands, self.name);
            if !held && !lost {
                lost = true;
                // Both ways to hear of it agree.
                guard.lost().await;
                self.trace
                    .tell(format_args!("{} has lost {token}", self.name));
                self.trace.saw(LOST);
            }
            if lost && !blind {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        if !lost && works > self.ttl {
            self.trace.saw(RENEWED);
        }
        let (resource, name) = (self.resource.clone(), self.name);
        let landed = async move {
            pause(1..400).await;
            resource.write(token, read, !lost, name);
        };
        // It lets go while what it writes is on its way, now and then.
        if rand::random_bool(0.5) {
            landed.await;
        } else {
            tokio::spawn(landed);
        }
        if self.bug == "nobody lets go" {
            std::future::pending::<()>().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this lives somebody may believe that it holds the lock; also a crash ends it.
struct Believing<'a>(&'a Holder);

impl Drop for Believing<'_> {
    fn drop(&mut self) {
        self.0.state().holds = None;
    }
}

async fn pause(millis: std::ops::Range<u64>) {
    tokio::time::sleep(Duration::from_millis(rand::random_range(millis))).await;
}
