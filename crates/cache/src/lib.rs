//! Read through Redis, and through its absence.
//!
//! A [`Cache`] keeps what was read together with where it was read, and serves it only to callers who have not seen
//! more: see [`api::token`]. A value that does not exist can be kept as well: cache an `Option`.

mod address;
mod bounds;
mod connection;
mod flight;
mod local;
mod place;
mod remote;
pub mod sentinel;
mod shelf;
mod version;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::token::{Given, ReadAt, Seen};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use bounds::Bounds;
pub use connection::{Away, Redis};
use flight::{Arrival, Flights, Pilot, Seat};
use local::{Held, Local};
use remote::{Clock, Entry, Found, Remote};
pub use shelf::Shelf;
pub use version::{Need, Unreadable, Version};

/// What [`Cache::find`] finds.
#[derive(Debug)]
pub enum Kept<T> {
    /// A value that serves the request's token, and how much longer it may be shown.
    Serves(Seen<T>, Duration),
    /// A value that the caller has seen more than.
    TooOld,
    /// Nothing.
    Nothing,
}

/// Values of one kind, kept in this process and in Redis. Clones share what they keep.
pub struct Cache<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    name: &'static str,
    bounds: Bounds,
    local: Local<T>,
    remote: Remote,
    flights: Flights<Held<T>>,
}

impl<T> Clone for Cache<T> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> Cache<T> {
    /// Keeps values under `name` within `bounds`. Change the name when the shape of `T` changes.
    pub fn new(redis: &Redis, name: &'static str, bounds: Bounds) -> Self {
        let inner = Inner {
            name,
            bounds,
            local: Local::new(bounds),
            remote: Remote::new(redis.clone(), name),
            flights: Flights::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Finds `key`, or runs `load` and keeps what it brings. Serves nothing older than the request's token
    /// ([`api::token::given`]); of many callers that miss at once, one loads. Notes where what it serves was read
    /// ([`api::token::shows`]).
    ///
    /// # Errors
    /// Only those of `load`: Redis being away makes this slower, not wrong.
    pub async fn get<E, F, Fut>(&self, key: &str, load: F) -> Result<Seen<T>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Seen<T>, E>>,
    {
        let held = self.held_or_loaded(key, load).await?;
        let found = seen(&held);
        api::token::shows(ReadAt::of(&found, left(&held)));
        Ok(found)
    }

    /// Keeps the `value` that was read elsewhere, at the place `at`, and may be shown for `left` still; what is here already
    /// and as new stays.
    pub async fn keep(
        &self,
        key: &str,
        at: Seen<()>,
        left: Duration,
        value: impl FnOnce() -> T + Send,
    ) {
        let there = self.inner.local.find(key).await;
        let version = Version::of(&at);
        if there.is_some_and(|there| !version.is_newer_than(there.version)) {
            return;
        }
        let read = at.map(|()| value());
        let found = self.inner.remote.find::<T>(key).await;
        let began = Instant::now();
        let held = self.keep_here(key, began, read, left).await;
        self.keep_there(key, found.map(|found| found.clock), &held)
            .await;
    }

    /// Finds `key` if it is kept, without loading it.
    pub async fn find(&self, key: &str) -> Kept<T> {
        let need = Need::of(api::token::given());
        if let Some(held) = self.find_here(key, need).await {
            return Kept::Serves(seen(&held), left(&held));
        }
        let here = self.inner.local.find(key).await.is_some();
        let found = self.inner.remote.find(key).await;
        let there = found.as_ref().is_some_and(|found| found.entry.is_some());
        match self.take(key, need, found).await {
            Some(held) => Kept::Serves(seen(&held), left(&held)),
            None if here || there => Kept::TooOld,
            None => Kept::Nothing,
        }
    }

    async fn held_or_loaded<E, F, Fut>(&self, key: &str, load: F) -> Result<Arc<Held<T>>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Seen<T>, E>>,
    {
        let need = Need::of(api::token::given());
        if let Need::Primary = need {
            self.count("refused");
            return self.load_apart(key, load).await;
        }
        loop {
            if let Some(held) = self.find_here(key, need).await {
                return Ok(held);
            }
            match self.inner.flights.board(key) {
                Seat::Pilot(pilot) => return self.fly(pilot, key, need, load).await,
                Seat::Passenger(passenger) => match passenger.arrival().await {
                    Arrival::Brought(held) if need.is_met_by(held.version) => {
                        self.count("joined");
                        return Ok(held);
                    }
                    Arrival::Lost => {}
                    // What the others share does not serve this one.
                    Arrival::Brought(_) | Arrival::Failed => {
                        return self.load_apart(key, load).await;
                    }
                },
            }
        }
    }

    /// Says that `key` was written, after the commit: pass [`api::token::given`] of then. What is older is dropped, and
    /// not taken again.
    pub async fn invalidate(&self, key: &str, given: Given) {
        let (floor, life) = (Version::written(given), self.inner.bounds.longest());
        self.inner.local.invalidate(key, floor).await;
        self.inner.remote.invalidate(Some(key), floor, life).await;
    }

    /// The same for all keys at once: for lists, of which nobody knows which ones a write changes.
    pub async fn invalidate_all(&self, given: Given) {
        let (floor, life) = (Version::written(given), self.inner.bounds.longest());
        self.inner.local.invalidate_all(floor);
        self.inner.remote.invalidate(None, floor, life).await;
    }

    async fn find_here(&self, key: &str, need: Need) -> Option<Arc<Held<T>>> {
        let held = self.inner.local.find(key).await?;
        let met = need.is_met_by(held.version) && left(&held) <= self.longest();
        if met {
            self.count("process");
        }
        met.then_some(held)
    }

    /// Looks in Redis, then loads, for itself and its passengers.
    async fn fly<E, F, Fut>(
        &self,
        pilot: Pilot<'_, Held<T>>,
        key: &str,
        need: Need,
        load: F,
    ) -> Result<Arc<Held<T>>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Seen<T>, E>>,
    {
        // Somebody may have landed between the look and the boarding.
        if let Some(found) = self.find_here(key, need).await {
            return Ok(found);
        }
        let found = self.inner.remote.find(key).await;
        let clock = found.as_ref().map(|found| found.clock);
        if let Some(held) = self.take(key, need, found).await {
            pilot.land(Some(held.clone()));
            return Ok(held);
        }
        let began = Instant::now();
        let loaded = match load().await {
            Ok(loaded) => loaded,
            Err(error) => {
                pilot.land(None);
                return Err(error);
            }
        };
        let life = self.inner.bounds.in_redis().min(self.longest());
        let held = self.keep_here(key, began, loaded, life).await;
        pilot.land(Some(held.clone()));
        self.keep_there(key, clock, &held).await;
        Ok(held)
    }

    /// Loads for this caller alone.
    async fn load_apart<E, F, Fut>(&self, key: &str, load: F) -> Result<Arc<Held<T>>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Seen<T>, E>>,
    {
        let found = self.inner.remote.find::<T>(key).await;
        let began = Instant::now();
        let loaded = load().await?;
        let life = self.inner.bounds.in_redis().min(self.longest());
        let held = self.keep_here(key, began, loaded, life).await;
        self.keep_there(key, found.map(|found| found.clock), &held)
            .await;
        Ok(held)
    }

    /// Takes what Redis had into this process; answers it if it serves.
    async fn take(&self, key: &str, need: Need, found: Option<Found<T>>) -> Option<Arc<Held<T>>> {
        let found = found?;
        if let Some(floor) = found.floor {
            self.inner.local.invalidate_all(floor);
        }
        let entry = found.entry.filter(|entry| {
            let floor = found.floor;
            let ends = !entry.left.is_zero() && entry.left <= self.longest();
            ends && floor.is_none_or(|floor| entry.version.is_newer_than(floor))
        });
        // A Redis that took over may lack an invalidation that this process knows of, and still have what it forbids.
        let entry = match entry {
            Some(entry) if !self.inner.local.is_below(key, entry.version).await => entry,
            _ => {
                self.count("miss");
                return None;
            }
        };
        let met = need.is_met_by(entry.version);
        self.count(if met { "redis" } else { "refused" });
        let held = self.held(entry, found.clock);
        self.inner.local.fill(key, held.clone()).await;
        met.then_some(held)
    }

    fn held(&self, entry: Entry<T>, clock: Clock) -> Arc<Held<T>> {
        let life = self.inner.bounds.in_process().min(entry.left);
        Arc::new(Held {
            version: entry.version,
            value: entry.value,
            until: clock.asked + life,
            end: clock.asked + entry.left,
        })
    }

    /// Keeps what was read at `began`, and may be shown for `life` from then on.
    async fn keep_here(
        &self,
        key: &str,
        began: Instant,
        read: Seen<T>,
        life: Duration,
    ) -> Arc<Held<T>> {
        let life = life.min(self.inner.bounds.longest());
        let held = Arc::new(Held {
            version: Version::of(&read),
            value: read.value,
            until: began + self.inner.bounds.in_process().min(life),
            end: began + life,
        });
        self.inner.local.fill(key, held.clone()).await;
        held
    }

    async fn keep_there(&self, key: &str, clock: Option<Clock>, held: &Held<T>) {
        // Without the clock of then, nobody could say when the entry ends.
        let Some(clock) = clock else { return };
        let life = held.end.saturating_duration_since(clock.asked);
        self.inner
            .remote
            .fill(key, held.version, &held.value, clock, life)
            .await;
    }

    /// How long an entry is served at most, as operators say.
    fn longest(&self) -> Duration {
        self.inner.remote.longest()
    }

    fn count(&self, result: &'static str) {
        metrics::counter!("cache_reads_total", "cache" => self.inner.name, "result" => result)
            .increment(1);
    }
}

fn seen<T: Clone>(held: &Held<T>) -> Seen<T> {
    held.version.seen(held.value.clone())
}

fn left<T>(held: &Held<T>) -> Duration {
    held.end.saturating_duration_since(Instant::now())
}
