//! The moment by which a request must have its answer. It rides along with the request and shrinks hop by hop.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt as _;
use pin_project_lite::pin_project;
use tokio::time::{Instant, timeout_at};

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
    pub fn scope<F: Future>(self, work: F) -> Scoped<F> {
        let deadline = self;
        Scoped { deadline, work }
    }

    /// Waits for `work` until the deadline.
    ///
    /// # Errors
    /// When the deadline comes first; `work` is dropped.
    pub fn limit<F: Future>(self, work: F) -> impl Future<Output = Result<F::Output, Passed>> {
        timeout_at(self.0, work).map(|ended| ended.map_err(|_| Passed))
    }
}

pin_project! {
    /// Work under a deadline. No `async fn`, which would hold its work twice: requests are nested in many of these.
    #[derive(Debug)]
    #[must_use = "nothing is done before it is awaited"]
    pub struct Scoped<F> {
        deadline: Deadline,
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let scoped = self.project();
        let outer = CURRENT.try_with(|outer| *outer);
        let tightest = outer.map_or(*scoped.deadline, |outer| outer.min(*scoped.deadline));
        CURRENT.sync_scope(tightest, || scoped.work.poll(context))
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

    #[tokio::test]
    async fn work_under_a_deadline_takes_little_more_room_than_alone() {
        let deadline = Deadline::after(Duration::from_secs(1));
        let work = || async {
            let room = [0_u8; 1_000];
            std::future::ready(()).await;
            room
        };

        let nested = deadline.scope(deadline.limit(deadline.scope(work())));

        assert!(size_of_val(&nested) < 1_500, "{}", size_of_val(&nested));
        assert_eq!(nested.await, Ok([0; 1_000]));
    }

    #[test]
    fn a_deadline_in_the_furthest_future_does_not_overflow() {
        assert!(!Deadline::after(Duration::MAX).passed());
    }
}
