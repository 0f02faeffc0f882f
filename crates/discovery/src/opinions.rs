//! What this process thinks of the instances that it calls, over all of its channels.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::endpoints::Endpoints;

/// For how long an answer tells something of the instance that gave it.
const FRESH: Duration = Duration::from_secs(10);
/// How many are told at most; those that are ejected come first.
const MOST: usize = 256;

/// What is thought of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// The service that it is of.
    pub service: &'static str,
    /// Where it takes calls.
    pub addr: String,
    /// For how long it has been given no calls, where it is ejected.
    pub ejected: Option<Duration>,
    /// How long ago it answered last.
    pub answered: Option<Duration>,
}

/// Where channels put what they think. Clones share it.
#[derive(Clone, Default)]
pub struct Opinions(Arc<Mutex<Vec<Weak<Endpoints>>>>);

impl Opinions {
    /// Listens to what is thought of `endpoints`, for as long as they are there.
    pub(crate) fn of(&self, endpoints: &Arc<Endpoints>) {
        self.lock().push(Arc::downgrade(endpoints));
    }

    /// What is thought of instances that are ejected, and of those that have answered of late.
    pub fn now(&self) -> Vec<Opinion> {
        let mut channels = self.lock();
        channels.retain(|channel| channel.strong_count() > 0);
        let now = Instant::now();
        let all = channels.iter().filter_map(Weak::upgrade);
        let all = all.flat_map(|channel| channel.opinions(now));
        let mut told: Vec<Opinion> = all.filter(Opinion::tells).collect();
        told.sort_by_key(|opinion| opinion.ejected.is_none());
        told.truncate(MOST);
        told
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Endpoints>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opinion {
    fn tells(&self) -> bool {
        self.ejected.is_some() || self.answered.is_some_and(|ago| ago < FRESH)
    }
}

impl fmt::Debug for Opinions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.now()).finish()
    }
}
