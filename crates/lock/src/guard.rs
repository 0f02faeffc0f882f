//! A lock that is held: kept alive while the guard lives, released when it is dropped.

use std::future::Future;

use api::control::Grant;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::Lost;
use crate::keep;
use crate::lease::Lease;
use crate::locks::Claimed;

/// The token of a grant: greater than that of every grant before it, of any lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(i64);

/// A lock that is held. Dropped, it is released.
#[derive(Debug)]
pub struct Guard {
    fence: Fence,
    granted_at: String,
    stands: watch::Receiver<Standing>,
    _dropped: DropGuard,
}

/// Until when a lock is held for sure, as far as is known by now; nothing once it is lost.
pub(crate) type Standing = Option<Instant>;

impl Fence {
    /// The number that a resource is shown.
    pub fn token(self) -> i64 {
        self.0
    }
}

impl Guard {
    pub(crate) fn keep(claimed: Claimed, grant: Grant, lease: Lease) -> Self {
        let (standing, stands) = watch::channel(Some(lease.ends()));
        let dropped = CancellationToken::new();
        let guard = Self {
            fence: Fence(grant.token),
            granted_at: grant.granted_at,
            stands,
            _dropped: dropped.clone().drop_guard(),
        };
        let tasks = claimed.owner().locks.tasks.clone();
        tasks.spawn(keep::alive(claimed, grant.id, lease, standing, dropped));
        guard
    }

    /// What each write under this lock is to show to its resource.
    pub fn fence(&self) -> Fence {
        self.fence
    }

    /// When it was granted, by the database's clock.
    pub fn granted_at(&self) -> &str {
        &self.granted_at
    }

    /// Whether it is held still, by this process's own clock. Also a process that was paused hears no at once.
    pub fn is_held(&self) -> bool {
        self.stands
            .borrow()
            .is_some_and(|until| Instant::now() < until)
    }

    /// Returns when the lock is lost: not renewed in time, taken away, or given up because this process drains.
    pub async fn lost(&self) {
        let mut stands = self.stands.clone();
        loop {
            let Some(until) = *stands.borrow_and_update() else {
                return;
            };
            tokio::select! {
                () = sleep_until(until) => return,
                changed = stands.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Does `work` for as long as the lock is held; loses it in the middle where the lock is lost.
    ///
    /// # Errors
    /// When the lock is lost first. What `work` has begun at a resource is kept from doing harm by the fence.
    pub async fn run<F: Future>(&self, work: F) -> Result<F::Output, Lost> {
        tokio::select! {
            biased;
            () = self.lost() => Err(Lost),
            output = work => Ok(output),
        }
    }
}
