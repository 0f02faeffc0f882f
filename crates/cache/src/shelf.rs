//! What was just asked for over a wire: in this process alone, for a moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::token::Seen;

use crate::Redis;
use crate::bounds::Bounds;
use crate::local::{Held, Local};
use crate::version::{Need, Version};

/// Answers of others that serve whoever asks the same within a moment, under the rules of a [`crate::Cache`]: nobody is shown
/// less than they have seen, and nothing is shown for longer than operators say.
pub struct Shelf<T> {
    local: Local<T>,
    life: Duration,
    redis: Redis,
}

impl<T: Clone + Send + Sync + 'static> Shelf<T> {
    /// Keeps at most `entries`, each for `life`. `redis` knows what operators say of caches; nothing is kept there.
    pub fn new(redis: &Redis, life: Duration, entries: u64) -> Self {
        Self {
            local: Local::new(Bounds::new(life, life, entries)),
            life,
            redis: redis.clone(),
        }
    }

    /// Finds what was kept under `key`, if it serves the request's token ([`api::token::given`]).
    pub async fn find(&self, key: &str) -> Option<T> {
        let need = Need::of(api::token::given());
        let held = self.local.find(key).await?;
        let serves = need.is_met_by(held.version);
        serves.then(|| held.value.clone())
    }

    /// Keeps the `value` that was read at the place `at`, and may be shown for `left` still.
    pub async fn keep(&self, key: &str, at: Seen<()>, left: Duration, value: T) {
        let now = Instant::now();
        let held = Held {
            version: Version::of(&at),
            value,
            until: now + self.life.min(left).min(self.redis.longest()),
            end: now + left,
        };
        self.local.fill(key, Arc::new(held)).await;
    }
}
