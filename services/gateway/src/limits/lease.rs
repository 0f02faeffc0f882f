//! Requests that were granted ahead of time, so that Redis need not be asked for each.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Tally;

/// How long a request that was granted ahead of time may be used. After that it counts as used.
const HOLDS: Duration = Duration::from_secs(1);

/// What one caller may still use, or until when it need not ask.
#[derive(Default)]
pub(super) struct Lease(Mutex<State>);

#[derive(Default)]
struct State {
    left: u32,
    remaining: u32,
    refreshed: Duration,
    good_until: Option<Instant>,
    refused_until: Option<Instant>,
}

impl Lease {
    /// Uses one request, if one is at hand; a refusal is at hand too until it may turn.
    pub(super) fn draw(&self, now: Instant) -> Option<Tally> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.refused_until.filter(|until| now < *until) {
            return Some(Tally {
                granted: 0,
                remaining: 0,
                wait: until - now,
            });
        }
        if state.left == 0 || state.good_until.is_none_or(|until| now >= until) {
            return None;
        }
        state.left -= 1;
        Some(Tally {
            granted: 1,
            remaining: state.remaining + state.left,
            wait: state.refreshed,
        })
    }

    /// Takes what was granted, and uses one of it.
    pub(super) fn fill(&self, tally: Tally, now: Instant) -> Tally {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tally.granted == 0 {
            state.refused_until = Some(now + tally.wait);
            return tally;
        }
        *state = State {
            // Two requests may have asked at once: what both got is there.
            left: tally.granted - 1 + live(&state, now),
            remaining: tally.remaining,
            refreshed: tally.wait,
            good_until: Some(now + HOLDS),
            refused_until: None,
        };
        Tally {
            granted: 1,
            remaining: state.remaining + state.left,
            wait: tally.wait,
        }
    }
}

fn live(state: &State, now: Instant) -> u32 {
    let good = state.good_until.is_some_and(|until| now < until);
    if good { state.left } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(count: u32) -> Tally {
        Tally {
            granted: count,
            remaining: 5,
            wait: Duration::from_secs(2),
        }
    }

    #[test]
    fn what_was_granted_is_used_one_by_one_and_then_asked_for_again() {
        let (lease, now) = (Lease::default(), Instant::now());

        lease.fill(granted(3), now);

        assert!(lease.draw(now).is_some() && lease.draw(now).is_some());
        assert!(lease.draw(now).is_none());
    }

    #[test]
    fn what_is_not_used_in_time_is_lost() {
        let (lease, now) = (Lease::default(), Instant::now());

        lease.fill(granted(3), now);

        assert!(lease.draw(now + HOLDS).is_none());
    }

    #[test]
    fn a_refusal_holds_until_it_may_turn_and_no_longer() {
        let (lease, now) = (Lease::default(), Instant::now());

        lease.fill(granted(0), now);

        let refused = lease.draw(now + Duration::from_secs(1)).unwrap();
        assert_eq!((refused.granted, refused.wait), (0, Duration::from_secs(1)));
        assert!(lease.draw(now + Duration::from_secs(2)).is_none());
    }
}
