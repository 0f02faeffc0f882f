//! Who is well, as this instance sees it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

/// Who is well. Cheap to clone.
#[derive(Clone, Default)]
pub struct Board {
    all: Arc<Mutex<All>>,
}

#[derive(Default)]
struct All {
    well: HashMap<String, Standing>,
    /// Those that callers say fail them, whatever we see ourselves.
    accused: HashSet<String>,
    /// Those that are not there: killed, paused, or cut off.
    missed: HashSet<String>,
}

/// How a component is that is well.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) since: OffsetDateTime,
    /// How often it was seen so.
    pub(crate) seen: u64,
    pub(crate) incarnation: String,
}

impl Board {
    /// Notes that `component` was seen well in its life `incarnation`, as it has been since then.
    pub(crate) fn well(&self, component: &str, since: OffsetDateTime, incarnation: &str) {
        let mut all = self.lock();
        let seen = all.well.get(component).map_or(0, |standing| standing.seen);
        let standing = Standing {
            since,
            seen: seen + 1,
            incarnation: incarnation.to_owned(),
        };
        all.well.insert(component.to_owned(), standing);
    }

    /// Notes that nothing good can be said of `component`.
    pub(crate) fn ill(&self, component: &str) {
        self.lock().well.remove(component);
    }

    /// Notes whether callers say of `component` that it fails them.
    pub(crate) fn accuse(&self, component: &str, accused: bool) {
        note(&mut self.lock().accused, component, accused);
    }

    /// Notes whether `component` is missed.
    pub(crate) fn miss(&self, component: &str, missed: bool) {
        note(&mut self.lock().missed, component, missed);
    }

    /// Forgets `component`: nobody looks after it any more.
    pub(crate) fn forget(&self, component: &str) {
        let mut all = self.lock();
        all.well.remove(component);
        all.accused.remove(component);
        all.missed.remove(component);
    }

    /// How `component` was seen last, where it was well.
    pub(crate) fn find(&self, component: &str) -> Option<Standing> {
        self.lock().well.get(component).cloned()
    }

    /// Whether callers say of `component` that it fails them.
    pub(crate) fn is_accused(&self, component: &str) -> bool {
        self.lock().accused.contains(component)
    }

    /// Whether one of these names is of a component that is there, or of one that is missed. Nothing, where nobody looks
    /// after it, or cannot tell at the moment.
    pub(crate) fn is_there(&self, names: &[&str]) -> Option<bool> {
        let all = self.lock();
        if names.iter().any(|name| all.missed.contains(*name)) {
            return Some(false);
        }
        let well = names.iter().any(|name| all.well.contains_key(*name));
        well.then_some(true)
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note(all: &mut HashSet<String>, component: &str, so: bool) {
    if so {
        all.insert(component.to_owned());
    } else {
        all.remove(component);
    }
}
