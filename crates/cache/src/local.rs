//! The small level inside this process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use moka::ops::compute::Op;

use crate::bounds::Bounds;
use crate::version::Version;

/// Values of one cache, and the floors that invalidations left behind.
pub(crate) struct Local<T> {
    values: Cache<String, Arc<Held<T>>>,
    floors: Cache<String, Version>,
    floor_of_all: Mutex<Option<(Version, Instant)>>,
    /// How long a floor is remembered.
    memory: Duration,
}

/// A value kept until a moment.
pub(crate) struct Held<T> {
    pub(crate) version: Version,
    pub(crate) value: T,
    pub(crate) until: Instant,
    /// When it may be shown no more, wherever it is kept.
    pub(crate) end: Instant,
}

impl<T: Send + Sync + 'static> Local<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            values: Cache::builder()
                .max_capacity(bounds.max_entries())
                .expire_after(UntilThen)
                .build(),
            floors: Cache::builder()
                .max_capacity(bounds.max_entries())
                .time_to_live(bounds.longest())
                .build(),
            floor_of_all: Mutex::default(),
            memory: bounds.longest(),
        }
    }

    /// What is kept under `key`, if its time has not come.
    pub(crate) async fn find(&self, key: &str) -> Option<Arc<Held<T>>> {
        let held = self.values.get(key).await?;
        let fresh = held.until > Instant::now() && !self.is_below_all(held.version);
        fresh.then_some(held)
    }

    /// Keeps `held`, unless one as new or an invalidation stands in its way.
    pub(crate) async fn fill(&self, key: &str, held: Arc<Held<T>>) {
        let entry = self.values.entry_by_ref(key);
        // One key's changes run one after another: an invalidation raises the floor first, so either this finds the
        // floor, or the invalidation finds this value.
        let change = entry.and_compute_with(async |there| {
            let newer = there.is_none_or(|there| {
                let there = there.into_value();
                there.until <= Instant::now() || held.version.is_newer_than(there.version)
            });
            if newer && !self.is_below(key, held.version).await {
                Op::Put(held)
            } else {
                Op::Nop
            }
        });
        change.await;
    }

    /// Leaves `floor` behind, and drops the value that is not newer.
    pub(crate) async fn invalidate(&self, key: &str, floor: Version) {
        let raise = self.floors.entry_by_ref(key);
        let raise = raise.and_upsert_with(async |there| {
            there.map_or(floor, |there| floor.stricter(there.into_value()))
        });
        let floor = raise.await.into_value();
        let drop = self.values.entry_by_ref(key);
        let drop = drop.and_compute_with(async |there| match there {
            Some(there) if !there.value().version.is_newer_than(floor) => Op::Remove,
            _ => Op::Nop,
        });
        drop.await;
    }

    /// The same for all values.
    pub(crate) fn invalidate_all(&self, floor: Version) {
        let mut all = self.lock_all();
        let floor = all.map_or(floor, |(there, _)| floor.stricter(there));
        *all = Some((floor, Instant::now() + self.memory));
    }

    /// Whether an invalidation forbids what is of `version`.
    pub(crate) async fn is_below(&self, key: &str, version: Version) -> bool {
        let floor = self.floors.get(key).await;
        floor.is_some_and(|floor| !version.is_newer_than(floor)) || self.is_below_all(version)
    }

    fn is_below_all(&self, version: Version) -> bool {
        let mut all = self.lock_all();
        *all = all.filter(|(_, until)| *until > Instant::now());
        all.is_some_and(|(floor, _)| !version.is_newer_than(floor))
    }

    fn lock_all(&self) -> std::sync::MutexGuard<'_, Option<(Version, Instant)>> {
        self.floor_of_all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends each entry at its own moment.
struct UntilThen;

impl<T> Expiry<String, Arc<Held<T>>> for UntilThen {
    fn expire_after_create(
        &self,
        _: &String,
        held: &Arc<Held<T>>,
        now: Instant,
    ) -> Option<Duration> {
        Some(held.until.saturating_duration_since(now))
    }

    fn expire_after_update(
        &self,
        _: &String,
        held: &Arc<Held<T>>,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(held.until.saturating_duration_since(now))
    }
}
