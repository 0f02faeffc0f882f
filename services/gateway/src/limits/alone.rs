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
    state: RwLock<State>,
}

struct State {
    quota: Quota,
    limiter: Limiter,
}

impl Alone {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            state: RwLock::new(State::new(quota)),
        }
    }

    /// Counts by another quota from now on; all counts begin anew.
    pub(super) fn change(&self, quota: Quota) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::new(quota);
    }

    /// Takes one request out of what `who` may still send.
    pub(super) fn take(&self, who: &str) -> Tally {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match state.limiter.check_key(&who.to_owned()) {
            Ok(left) => {
                let remaining = left.remaining_burst_capacity();
                let used = state.quota.requests.get().saturating_sub(remaining);
                Tally {
                    granted: 1,
                    remaining,
                    wait: state.quota.interval() * used,
                }
            }
            Err(refused) => Tally {
                granted: 0,
                remaining: 0,
                wait: refused.wait_time_from(state.limiter.clock().now()),
            },
        }
    }

    /// Forgets whoever has all of the quota again.
    pub(super) fn sweep(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.limiter.retain_recent();
        if state.limiter.len() > CALLERS {
            *state = State::new(state.quota);
        }
        state.limiter.shrink_to_fit();
    }
}

impl State {
    fn new(quota: Quota) -> Self {
        let rate = Rate::with_period(quota.interval().max(Duration::from_nanos(1)));
        let rate = rate.expect("the period was made more than nothing");
        let limiter = RateLimiter::keyed(rate.allow_burst(quota.requests)).with_middleware();
        Self { quota, limiter }
    }
}
