//! The moment by which a request must have its answer. It rides along with the request and shrinks hop by hop.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// What work outside of any request gets.
const OUTSIDE: Duration = Duration::from_secs(30);
/// What nobody waits longer than; keeps sums of time from overflowing.
const FURTHEST: Duration = Duration::from_hours(24);
/// What a hop needs to carry an answer back, so that the inner side gives up first and says why.
const HOP: Duration = Duration::from_millis(10);

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The moment by which an answer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// Says that the deadline came before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed;

impl std::fmt::Display for Passed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the deadline has passed")
    }
}

impl std::error::Error for Passed {}

impl Deadline {
    /// A deadline that far from now.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time.min(FURTHEST))
    }

    /// The deadline of the request that this task serves; outside of any request, 30 s from now.
    pub fn current() -> Self {
        CURRENT
            .try_with(|deadline| *deadline)
            .unwrap_or_else(|_| Self::after(OUTSIDE))
    }

    /// What is left of it; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// What a neighbour is given of it: what is left, less what the hop back takes.
    pub fn onward(self) -> Duration {
        let left = self.remaining();
        left.saturating_sub(HOP.min(left / 10))
    }

    /// Whether it has passed.
    pub fn passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// The moment itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Runs `work` under this deadline, or under the outer one where that comes first. It tells `work`; it does not stop it.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        let outer = CURRENT.try_with(|outer| *outer);
        let tightest = outer.map_or(self, |outer| outer.min(self));
        CURRENT.scope(tightest, work).await
    }

    /// Waits for `work` until the deadline.
    ///
    /// # Errors
    /// When the deadline comes first; `work` is dropped.
    pub async fn limit<F: Future>(self, work: F) -> Result<F::Output, Passed> {
        tokio::time::timeout_at(self.0, work)
            .await
            .map_err(|_| Passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_neighbour_never_gets_more_than_is_left(millis in 0_u64..100_000) {
            let left = Duration::from_millis(millis);
            let deadline = Deadline::after(left);

            prop_assert!(deadline.onward() <= deadline.remaining().max(left));
            prop_assert!(deadline.onward() <= left);
        }
    }

    #[tokio::test]
    async fn a_request_inside_a_request_keeps_the_nearer_deadline() {
        let near = Deadline::after(Duration::from_secs(1));
        let far = Deadline::after(Duration::from_secs(9));

        let inner = near.scope(far.scope(async { Deadline::current() })).await;

        assert_eq!(inner, near);
    }

    #[tokio::test]
    async fn work_that_takes_too_long_is_dropped_at_the_deadline() {
        let deadline = Deadline::after(Duration::from_millis(20));

        let ended = deadline.limit(std::future::pending::<()>()).await;

        assert_eq!(ended, Err(Passed));
        assert!(deadline.passed());
    }

    #[test]
    fn a_deadline_in_the_furthest_future_does_not_overflow() {
        assert!(!Deadline::after(Duration::MAX).passed());
    }
}
