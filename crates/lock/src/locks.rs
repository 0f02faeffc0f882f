//! Where locks are asked for, and by whom.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::control::locks_client::LocksClient;
use discovery::Channel;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// The lock service. Cheap to clone.
#[derive(Clone)]
pub struct Locks {
    pub(crate) client: LocksClient<Channel>,
    pub(crate) closing: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// Somebody who asks for locks: one that may hold several at a time, and waits for one after the other. The service knows by the
/// owner who waits for whom. Clones are the same owner.
#[derive(Clone)]
pub struct Owner {
    pub(crate) locks: Locks,
    pub(crate) text: Arc<str>,
    claimed: Arc<Mutex<HashSet<String>>>,
}

/// A lock that this owner has or asks for; let go of when dropped.
pub(crate) struct Claimed {
    owner: Owner,
    name: String,
}

impl Locks {
    /// The lock service at the other end of `channel`.
    pub fn over(channel: Channel) -> Self {
        Self {
            client: LocksClient::new(channel),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// A new owner, called `name` and something that tells it from every other.
    pub fn owner(&self, name: &str) -> Owner {
        Owner {
            locks: self.clone(),
            text: format!("{name}/{}", Uuid::now_v7().simple()).into(),
            claimed: Arc::default(),
        }
    }

    /// Ends all guards and releases their locks, within `limit`: for whoever drains. Those who hold them hear that they are lost.
    pub async fn drain(&self, limit: Duration) {
        self.closing.cancel();
        self.tasks.close();
        if timeout(limit, self.tasks.wait()).await.is_err() {
            tracing::warn!("some locks were not released; they run out by themselves");
        }
    }
}

impl Owner {
    /// What the service calls it.
    pub fn name(&self) -> &str {
        &self.text
    }

    /// Claims a lock within this process: the service would answer both guards of one owner by the same grant.
    pub(crate) fn claim(&self, name: &str) -> Option<Claimed> {
        let new = lock(&self.claimed).insert(name.to_owned());
        // Not made where it is another's: dropped, it would let go of that.
        new.then(|| Claimed {
            owner: self.clone(),
            name: name.to_owned(),
        })
    }
}

impl Claimed {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        lock(&self.owner.claimed).remove(&self.name);
    }
}

/// Nothing here panics while it holds a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owner").field(&self.text).finish()
    }
}
