//! The level that all processes share: what it keeps in Redis and how it is written there.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use redis::Script;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bounds::MAX_BODY;
use crate::connection::{Away, Redis};
use crate::version::{Unreadable, Version};

static FILL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("fill.lua")));
static INVALIDATE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("invalidate.lua")));

/// What stands before the value: its version, and when it ends.
const HEADER: usize = Version::LEN + MOMENT;
/// The digits of a moment in milliseconds.
const MOMENT: usize = 20;

/// One cache's share of Redis.
pub(crate) struct Remote {
    redis: Redis,
    name: &'static str,
}

/// What was found, and how late it is there.
pub(crate) struct Found<T> {
    pub(crate) entry: Option<Entry<T>>,
    /// The floor of the whole cache.
    pub(crate) floor: Option<Version>,
    pub(crate) clock: Clock,
}

/// A value, and how long it may still be kept.
pub(crate) struct Entry<T> {
    pub(crate) version: Version,
    pub(crate) value: T,
    pub(crate) left: Duration,
}

/// Redis's clock as it was before a value was read: the end of an entry is said in it, so that a fill that arrives late
/// does not live longer, whatever the clocks of the processes show.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    millis: u64,
    pub(crate) asked: Instant,
}

impl Remote {
    /// How long an entry is served at most.
    pub(crate) fn longest(&self) -> Duration {
        self.redis.longest()
    }

    pub(crate) fn new(redis: Redis, name: &'static str) -> Self {
        Self { redis, name }
    }

    /// Looks for `key`. `None` while Redis is away.
    pub(crate) async fn find<T: DeserializeOwned>(&self, key: &str) -> Option<Found<T>> {
        let asked = Instant::now();
        let answer = self.ask(key).await;
        let (text, floor, (seconds, micros)) = self.counted("find", answer)?;
        let clock = Clock {
            millis: seconds * 1_000 + micros / 1_000,
            asked,
        };
        let entry = text.map(|text| read(&text, clock)).transpose();
        if entry.is_err() {
            self.forget(key).await;
        }
        let floor = floor.and_then(|floor| floor.parse().ok());
        Some(Found {
            entry: entry.ok().flatten(),
            floor,
            clock,
        })
    }

    /// Keeps `value`, which was read after `clock`, for `life` from then on, unless something newer forbids it.
    pub(crate) async fn fill<T: Serialize>(
        &self,
        key: &str,
        version: Version,
        value: &T,
        clock: Clock,
        life: Duration,
    ) {
        let end = clock.millis + millis(life);
        let Some(text) = write(version, end, value) else {
            return;
        };
        let keys = [self.value(key), self.floor(key), self.floor_of_all()];
        let filled = self.redis.run(async |mut connection| {
            let mut call = FILL.key(&keys);
            call.arg(version.to_string()).arg(text).arg(end);
            call.invoke_async::<bool>(&mut connection).await
        });
        let filled = filled.await;
        if self.counted("fill", filled) == Some(false) {
            metrics::counter!("cache_fills_refused_total", "cache" => self.name).increment(1);
        }
    }

    /// Leaves `version` behind for `life`, and drops the value that is not newer. Without a key: of all values.
    pub(crate) async fn invalidate(&self, key: Option<&str>, version: Version, life: Duration) {
        let keys = match key {
            Some(key) => vec![self.floor(key), self.value(key)],
            None => vec![self.floor_of_all()],
        };
        let done = self.redis.run(async |mut connection| {
            let mut call = INVALIDATE.key(&keys);
            call.arg(version.to_string()).arg(millis(life));
            call.arg(Version::unknown().to_string());
            call.invoke_async::<()>(&mut connection).await
        });
        let done = done.await;
        self.counted("invalidate", done);
    }

    async fn ask(&self, key: &str) -> Result<Answer, Away> {
        let keys = (self.value(key), self.floor_of_all());
        let asking = self.redis.run(async |mut connection| {
            let mut pipe = redis::pipe();
            pipe.get(&keys.0).get(&keys.1).cmd("TIME");
            pipe.query_async(&mut connection).await
        });
        asking.await
    }

    async fn forget(&self, key: &str) {
        let key = self.value(key);
        let gone = self.redis.run(async |mut connection| {
            let mut delete = redis::cmd("DEL");
            delete.arg(&key).query_async::<()>(&mut connection).await
        });
        let gone = gone.await;
        self.counted("forget", gone);
    }

    fn counted<T>(&self, what: &'static str, answer: Result<T, Away>) -> Option<T> {
        if let Err(error) = &answer {
            tracing::debug!(cache = self.name, %error, "{what} did without redis");
            metrics::counter!("cache_errors_total", "cache" => self.name, "operation" => what)
                .increment(1);
        }
        answer.ok()
    }

    fn value(&self, key: &str) -> String {
        self.redis.key(self.name, &format!("v:{key}"))
    }

    fn floor(&self, key: &str) -> String {
        self.redis.key(self.name, &format!("f:{key}"))
    }

    fn floor_of_all(&self) -> String {
        self.redis.key(self.name, "f")
    }
}

type Answer = (Option<Vec<u8>>, Option<String>, (u64, u64));

fn write<T: Serialize>(version: Version, end: u64, value: &T) -> Option<Vec<u8>> {
    let mut text = format!("{version}{end:0MOMENT$}").into_bytes();
    serde_json::to_writer(&mut text, value)
        .inspect_err(|error| tracing::error!(%error, "a value cannot be written as JSON"))
        .ok()?;
    (text.len() <= MAX_BODY).then_some(text)
}

fn read<T: DeserializeOwned>(text: &[u8], clock: Clock) -> Result<Entry<T>, Unreadable> {
    let header = text.get(..HEADER).ok_or(Unreadable)?;
    let header = std::str::from_utf8(header).map_err(|_| Unreadable)?;
    let (version, end) = header.split_at_checked(Version::LEN).ok_or(Unreadable)?;
    let end: u64 = end.parse().map_err(|_| Unreadable)?;
    Ok(Entry {
        version: version.parse()?,
        value: serde_json::from_slice(&text[HEADER..]).map_err(|_| Unreadable)?,
        left: Duration::from_millis(end.saturating_sub(clock.millis)),
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
