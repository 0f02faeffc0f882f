//! What the tests of this crate share: processes around one Redis, and values that say where they were read.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unused_async, reason = "a source is asked like a database")]

pub(crate) mod load;

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::token::{Given, Position, Seen, Token, scope};
use cache::{Bounds, Cache, Redis};

pub(crate) const CLUSTER: u64 = 7;

/// Another process: nothing is shared with the ones before it but Redis itself, which it has reached.
pub(crate) async fn process(redis: &testkit::Redis) -> Cache<u64> {
    process_within(redis, Bounds::default()).await
}

pub(crate) async fn process_within(redis: &testkit::Redis, bounds: Bounds) -> Cache<u64> {
    let redis = Redis::connect(&redis.url());
    until("redis is reached", || std::future::ready(redis.is_up())).await;
    Cache::new(&redis, "things", bounds)
}

/// Something that counts how often it is asked.
#[derive(Default)]
pub(crate) struct Source {
    loads: AtomicUsize,
}

impl Source {
    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::Relaxed)
    }

    /// `value`, read on a replica that had got to `lsn`.
    pub(crate) async fn replica(&self, value: u64, lsn: u64) -> Result<Seen<u64>, Infallible> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        Ok(replica(value, lsn))
    }

    /// `value`, read on the primary when its log had got to `lsn`.
    pub(crate) async fn primary(&self, value: u64, lsn: u64) -> Result<Seen<u64>, Infallible> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        Ok(primary(value, lsn))
    }
}

pub(crate) fn position(lsn: u64) -> Position {
    Position { timeline: 1, lsn }
}

pub(crate) fn replica<T>(value: T, lsn: u64) -> Seen<T> {
    Seen {
        value,
        cluster: CLUSTER,
        position: position(lsn),
        primary: false,
    }
}

pub(crate) fn primary(value: u64, lsn: u64) -> Seen<u64> {
    Seen {
        primary: true,
        ..replica(value, lsn)
    }
}

pub(crate) fn token(lsn: u64) -> Given {
    Given::Token(Token::at(CLUSTER, position(lsn)))
}

/// Reads `key` for a caller that came with `given`; loads by `source` on a replica at `lsn`.
pub(crate) async fn read(
    cache: &Cache<u64>,
    given: Given,
    source: &Source,
    value: u64,
    lsn: u64,
) -> u64 {
    let read = async {
        let Ok(seen) = cache.get("key", || source.replica(value, lsn)).await;
        seen.value
    };
    scope(given, read).await.0
}

/// Another process, which does not reach Redis.
pub(crate) fn cut_off(redis: &testkit::Redis) -> Cache<u64> {
    Cache::new(&Redis::connect(&redis.url()), "things", Bounds::default())
}

/// Waits until `event` is so, for a minute at most.
pub(crate) async fn until(what: &str, mut event: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !event().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_mins(1), waiting).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
