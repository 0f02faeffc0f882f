//! How long and how much a cache may keep.

use std::time::Duration;

/// How long an entry may live, and how many there may be in this process.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    process: Duration,
    redis: Duration,
    entries: u64,
}

/// No entry outlives this in a process.
const MAX_PROCESS: Duration = Duration::from_secs(30);
/// No entry outlives this in Redis.
const MAX_REDIS: Duration = Duration::from_mins(5);
/// No entry is larger in Redis.
pub(crate) const MAX_BODY: usize = 1 << 20;

impl Bounds {
    /// Bounds of `process` and `redis` and at most `entries` in this process. What is above 30 seconds and 5 minutes
    /// is cut to that.
    pub fn new(process: Duration, redis: Duration, entries: u64) -> Self {
        Self {
            process: process.min(MAX_PROCESS),
            redis: redis.min(MAX_REDIS),
            entries,
        }
    }

    /// The longest allowed, for at most `entries` in this process.
    pub fn entries(entries: u64) -> Self {
        Self::new(MAX_PROCESS, MAX_REDIS, entries)
    }

    pub(crate) fn max_entries(self) -> u64 {
        self.entries
    }

    /// How long an invalidation is remembered: as long as the oldest entry lives.
    pub(crate) fn longest(self) -> Duration {
        self.redis.max(self.process)
    }

    /// A life in this process, somewhat shorter than allowed, so that what was filled together does not end together.
    pub(crate) fn in_process(self) -> Duration {
        jittered(self.process)
    }

    /// The same for Redis.
    pub(crate) fn in_redis(self) -> Duration {
        jittered(self.redis)
    }
}

impl Default for Bounds {
    /// 30 seconds, 5 minutes, 10,000 entries.
    fn default() -> Self {
        Self::entries(10_000)
    }
}

/// Eight to ten tenths of `longest`.
fn jittered(longest: Duration) -> Duration {
    longest.mul_f64(rand::random_range(0.8..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_makes_an_entry_outlive_its_bound() {
        let day = Duration::from_hours(24);
        let bounds = Bounds::new(day, day, 1);

        for _ in 0..1_000 {
            assert!(bounds.in_process() <= MAX_PROCESS);
            assert!(bounds.in_redis() <= MAX_REDIS);
        }
    }

    #[test]
    fn lives_are_spread() {
        let lives: std::collections::HashSet<_> =
            (0..100).map(|_| Bounds::default().in_redis()).collect();

        assert!(lives.len() > 50);
    }
}
