//! Whose turn it is to take what waits: one writer's, as long as it is quick.
//!
//! While one writer is in its transaction, what comes waits for the next one, so groups grow with the load and nobody
//! waits longer than a commit takes. Others join in where that is not enough: when a whole group waits, or when the writer
//! is held up.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// A transaction that takes longer than this waits for a lock or for a standby: others need not wait with it.
const QUICK: Duration = Duration::from_millis(20);

/// What the writers of a group take turns by.
#[derive(Debug)]
pub(super) struct Turns {
    turn: Semaphore,
    crowd: Notify,
}

/// Whether its holder is the one whose turn it is; else it was called because a whole group waits.
pub(super) struct Turn<'a>(Option<SemaphorePermit<'a>>);

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            turn: Semaphore::new(1),
            crowd: Notify::new(),
        }
    }

    /// Waits until it is the caller's turn, or a whole group waits.
    pub(super) async fn next(&self) -> Turn<'_> {
        tokio::select! {
            biased;
            turn = self.turn.acquire() => Turn(turn.ok()),
            () = self.crowd.notified() => Turn(None),
        }
    }

    /// Calls another writer, since a whole group waits.
    pub(super) fn crowded(&self) {
        self.crowd.notify_one();
    }
}

impl Turn<'_> {
    /// Whether the holder was called because a whole group waits.
    pub(super) fn is_extra(&self) -> bool {
        self.0.is_none()
    }

    /// Does `work`. The turn passes on when it is done, or is not done quickly.
    pub(super) async fn spend<T>(self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Ok(done) = timeout(QUICK, &mut work).await {
            return done;
        }
        drop(self);
        work.await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures::FutureExt as _;

    use super::*;

    /// Much longer than [`QUICK`].
    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn while_one_is_at_it_the_next_waits() {
        let turns = Turns::new();
        let turn = turns.next().await;

        assert!(turns.next().now_or_never().is_none());

        turn.spend(ready(())).await;
        assert!(!turns.next().await.is_extra());
    }

    #[tokio::test]
    async fn a_whole_group_calls_one_more() {
        let turns = Turns::new();
        let _turn = turns.next().await;

        turns.crowded();
        turns.crowded();

        let called = turns.next().now_or_never();
        assert!(called.is_some_and(|turn| turn.is_extra()));
        assert!(turns.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn whoever_is_held_up_passes_the_turn_on_and_finishes() {
        let turns = Turns::new();
        let held_up = turns.next().await.spend(pending::<()>());
        let next = timeout(LIMIT, turns.next());

        let next = tokio::select! {
            () = held_up => unreachable!("it never ends"),
            next = next => next,
        };

        assert!(next.is_ok_and(|turn| !turn.is_extra()));
    }
}
