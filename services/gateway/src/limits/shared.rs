//! One count for all gateways, kept in Redis.

use std::time::Duration;

use cache::{Away, Redis};
use redis::Script;

use super::{Class, Quota, Tally};

/// Counts in Redis.
pub(super) struct Shared {
    redis: Redis,
    script: Script,
}

impl Shared {
    pub(super) fn new(redis: Redis) -> Self {
        Self {
            redis,
            script: Script::new(include_str!("gcra.lua")),
        }
    }

    /// Takes up to `wanted` requests out of what `who` may still send.
    ///
    /// # Errors
    /// When Redis is away: nothing is known then.
    pub(super) async fn take(
        &self,
        class: Class,
        who: &str,
        quota: Quota,
        wanted: u32,
    ) -> Result<Tally, Away> {
        let key = self.redis.key("limit", &format!("{}:{who}", class.name()));
        let mut call = self.script.key(key);
        let interval = u64::try_from(quota.interval().as_micros()).unwrap_or(u64::MAX);
        call.arg(interval.max(1))
            .arg(quota.requests.get())
            .arg(wanted);
        let asked = self.redis.run(async move |mut connection| {
            call.invoke_async::<(u32, u32, u64)>(&mut connection).await
        });
        let (granted, remaining, micros) = chassis::apart(asked).await?;
        Ok(Tally {
            granted,
            remaining,
            wait: Duration::from_micros(micros),
        })
    }
}
