//! How long to wait before the next attempt: twice as long each time, times a chance.

use std::time::Duration;

/// Waits between zero and a bound that doubles with every attempt ("full jitter"): callers that failed together do not
/// come back together.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// A backoff whose bound begins at `first` and doubles up to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The wait after failed attempt number `attempt`, counted from 0. `chance` is in 0..=1.
    pub fn wait(&self, attempt: u32, chance: f64) -> Duration {
        let bound = self.first.saturating_mul(1 << attempt.min(31));
        bound.min(self.longest).mul_f64(chance.clamp(0.0, 1.0))
    }

    /// The wait after failed attempt number `attempt`, by this thread's chance.
    pub fn draw(&self, attempt: u32) -> Duration {
        self.wait(attempt, rand::random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_longest(attempt: u32, chance in 0.0..=1.0) {
            let backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));

            prop_assert!(backoff.wait(attempt, chance) <= Duration::from_secs(1));
        }
    }

    #[test]
    fn the_bound_doubles_with_every_attempt() {
        let backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));

        let bounds = [0, 1, 2].map(|attempt| backoff.wait(attempt, 1.0).as_millis());

        assert_eq!(bounds, [20, 40, 80]);
    }
}
