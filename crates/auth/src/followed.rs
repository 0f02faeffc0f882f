//! Which tokens are void before their time, and how sure we are to know.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::{ACCESS_LIFE, CLOCK_SKEW, REVOCATIONS_FRESH};

/// How long a revocation can matter: by then every token that it voids has expired.
const MATTERS: Duration = ACCESS_LIFE.saturating_add(CLOCK_SKEW.saturating_mul(2));
/// How many may come before those that no longer matter are looked for.
const SWEEP_EVERY: usize = 1_024;

/// The session epochs that were raised in the life of a token, and when we last heard of them.
#[derive(Default)]
pub(crate) struct Followed {
    raised: RwLock<HashMap<Uuid, Raised>>,
    heard: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy)]
struct Raised {
    epoch: i64,
    noted: Instant,
}

impl Followed {
    /// Notes that tokens of `account` below `epoch` are void. Harmless to repeat, in any order.
    pub(crate) fn revoke(&self, account: Uuid, epoch: i64) {
        let noted = Instant::now();
        let mut raised = self.raised.write().unwrap_or_else(PoisonError::into_inner);
        let entry = raised.entry(account).or_insert(Raised { epoch, noted });
        if entry.epoch < epoch {
            *entry = Raised { epoch, noted };
        }
        if raised.len().is_multiple_of(SWEEP_EVERY) {
            raised.retain(|_, raised| raised.noted.elapsed() < MATTERS);
        }
    }

    /// Whether a token of `account` with `epoch` is void.
    pub(crate) fn is_void(&self, account: Uuid, epoch: i64) -> bool {
        let raised = self.raised.read().unwrap_or_else(PoisonError::into_inner);
        raised
            .get(&account)
            .is_some_and(|raised| epoch < raised.epoch)
    }

    /// Notes that everything raised before `moment` is known here; nothing: that we can no longer say.
    pub(crate) fn heard(&self, moment: Option<Instant>) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    /// Whether what is known here is fresh enough to trust a role with.
    pub(crate) fn is_fresh(&self) -> bool {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.is_some_and(|moment| moment.elapsed() < REVOCATIONS_FRESH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_revocation_that_arrives_late_changes_nothing() {
        let (followed, account) = (Followed::default(), Uuid::now_v7());

        followed.revoke(account, 3);
        followed.revoke(account, 2);

        assert!(followed.is_void(account, 2));
        assert!(!followed.is_void(account, 3));
    }

    #[test]
    fn revocations_that_can_no_longer_matter_are_forgotten() {
        let followed = Followed::default();
        let noted = Instant::now().checked_sub(MATTERS).unwrap();
        for _ in 1..SWEEP_EVERY {
            let raised = Raised { epoch: 2, noted };
            followed
                .raised
                .write()
                .unwrap()
                .insert(Uuid::now_v7(), raised);
        }

        followed.revoke(Uuid::now_v7(), 2);

        assert_eq!(followed.raised.read().unwrap().len(), 1);
    }
}
