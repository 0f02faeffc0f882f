//! This gateway's own count, for as long as Redis is away.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota as Rate, RateLimiter};

use super::{Quota, Tally};

/// How many callers are counted at most. Beyond that all counts begin anew: a flood of addresses must not fill the memory.
const CALLERS: usize = 100_000;

type Limiter =
    RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Counts here alone.
pub(super) struct Alone {
    limiter: RwLock<Limiter>,
    quota: Quota,
}

impl Alone {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            limiter: RwLock::new(new(quota)),
            quota,
        }
    }

    /// Takes one request out of what `who` may still send.
    pub(super) fn take(&self, who: &str) -> Tally {
        let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        match limiter.check_key(&who.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = self.quota.requests.get().saturating_sub(remaining);
                Tally {
                    granted: 1,
                    remaining,
                    wait: self.quota.interval() * used,
                }
            }
            Err(refused) => Tally {
                granted: 0,
                remaining: 0,
                wait: refused.wait_time_from(limiter.clock().now()),
            },
        }
    }

    /// Forgets whoever has all of the quota again.
    pub(super) fn sweep(&self) {
        let mut limiter = self.limiter.write().unwrap_or_else(PoisonError::into_inner);
        limiter.retain_recent();
        if limiter.len() > CALLERS {
            *limiter = new(self.quota);
        }
        limiter.shrink_to_fit();
    }
}

fn new(quota: Quota) -> Limiter {
    let rate = Rate::with_period(quota.interval().max(Duration::from_nanos(1)));
    let rate = rate.expect("the period was made more than nothing");
    RateLimiter::keyed(rate.allow_burst(quota.requests)).with_middleware()
}
