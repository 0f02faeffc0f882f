//! How many attempts may be repeats: a tenth of what succeeds, so that repeats never become the load.

use std::sync::atomic::{AtomicU32, Ordering};

/// A repeat costs one token of a thousand parts.
const REPEAT: u32 = 1_000;
/// A success earns a tenth of a repeat. Successes earn and attempts do not: against a dead neighbour repeats cease.
const SUCCESS: u32 = REPEAT / 10;
/// What may be saved up. Ten repeats carry a quiet service over a neighbour's restart.
const FULL: u32 = 10 * REPEAT;

/// A bucket of repeats, shared by the calls to one neighbour.
#[derive(Debug)]
pub struct Budget(AtomicU32);

impl Budget {
    /// A full bucket.
    pub const fn new() -> Self {
        Self(AtomicU32::new(FULL))
    }

    /// Notes a success.
    pub fn earn(&self) {
        // Nothing is written while the bucket is full: the common case costs one read.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                (tokens < FULL).then(|| (tokens + SUCCESS).min(FULL))
            });
    }

    /// Takes a repeat out of the bucket, if one is left.
    pub fn spend(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                tokens.checked_sub(REPEAT)
            })
            .is_ok()
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn repeats_never_exceed_a_tenth_of_the_successes_and_the_reserve(calls: Vec<bool>) {
            let budget = Budget::new();
            let (mut successes, mut repeats) = (0_usize, 0_usize);

            for succeeds in calls {
                if succeeds {
                    budget.earn();
                    successes += 1;
                } else if budget.spend() {
                    repeats += 1;
                }
            }

            prop_assert!(repeats * 10 <= successes + 100);
        }
    }

    #[test]
    fn a_dead_neighbour_gets_ten_repeats_and_no_more() {
        let budget = Budget::new();

        let repeats = (0..1_000).filter(|_| budget.spend()).count();

        assert_eq!(repeats, 10);
    }
}
