//! What the service has done, and for whom: kept by all instances together, as a database would.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::trace::Trace;

/// What may not be repeated is not.
pub(crate) const ALONE: &str = "a call that may not be repeated arrives once";
/// No call is done twice, but those that change nothing.
pub(crate) const ONCE: &str = "no call is done twice";
/// Attempts are at most the calls, a tenth of those that succeeded, and ten.
pub(crate) const BUDGET: &str = "repeats stay within the budget";
pub(crate) const KEPT: &str = "what was acknowledged is done";
pub(crate) const NOTHING: &str = "what is said never to have been sent is never done";

/// A keyed call came again.
pub(crate) const REPEATED: &str = "a keyed call came again";
/// It had been done before.
pub(crate) const FOUND_AGAIN: &str = "a keyed call came again after it was done";

/// How a call may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It changes nothing.
    Read,
    /// It counts once per key.
    Keyed,
    /// Not at all.
    Plain,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The client, and which of its lives.
    pub(crate) life: String,
    /// Its number there.
    pub(crate) number: u32,
    /// How it may be repeated.
    pub(crate) kind: Kind,
}

/// What was done. Clones write into the same one.
#[derive(Clone)]
pub(crate) struct Book {
    trace: Trace,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    done: BTreeMap<String, u32>,
    came: BTreeMap<String, u32>,
    unsent: Vec<String>,
    lives: BTreeMap<String, Life>,
}

/// What one life of a client has asked for.
#[derive(Default)]
struct Life {
    begun: u32,
    succeeded: u32,
    attempts: u32,
}

impl Book {
    /// An empty one.
    pub(crate) fn new(trace: Trace) -> Self {
        let kept = Arc::default();
        Self { trace, kept }
    }

    /// A client makes a call.
    pub(crate) fn begun(&self, call: &Call) {
        let mut kept = self.lock();
        kept.lives.entry(call.life.clone()).or_default().begun += 1;
    }

    /// An attempt reaches an instance.
    pub(crate) fn came(&self, call: &Call) {
        let mut kept = self.lock();
        let life = kept.lives.entry(call.life.clone()).or_default();
        life.attempts += 1;
        let (attempts, most) = (life.attempts, life.begun + life.succeeded / 10 + 10);
        let came = kept.came.entry(call.id()).or_default();
        *came += 1;
        let again = *came > 1;
        drop(kept);
        let how = || format!("{attempts} attempts of {}, at most {most}", call.life);
        self.trace.check(BUDGET, attempts <= most, how());
        self.trace
            .check(ALONE, !again || call.kind != Kind::Plain, call.id());
        if again && call.kind == Kind::Keyed {
            self.trace.saw(REPEATED);
        }
    }

    /// An instance does it. `once`: unless it was done before.
    pub(crate) fn done(&self, call: &Call, once: bool) {
        if call.kind == Kind::Read {
            return;
        }
        let mut kept = self.lock();
        let times = kept.done.entry(call.id()).or_default();
        if once && *times > 0 {
            return self.trace.saw(FOUND_AGAIN);
        }
        *times += 1;
        let (twice, id) = (*times > 1, call.id());
        drop(kept);
        self.trace.check(ONCE, !twice, id);
    }

    /// The client hears that it succeeded.
    pub(crate) fn succeeded(&self, call: &Call) {
        let mut kept = self.lock();
        kept.lives.entry(call.life.clone()).or_default().succeeded += 1;
        let done = call.kind == Kind::Read || kept.done.contains_key(&call.id());
        drop(kept);
        self.trace.check(KEPT, done, call.id());
    }

    /// The client hears that nothing was ever sent.
    pub(crate) fn unsent(&self, call: &Call) {
        self.lock().unsent.push(call.id());
    }

    /// Looks at what can only be told at the end.
    pub(crate) fn close(&self) {
        let kept = self.lock();
        let came = kept.unsent.iter().find(|id| kept.came.contains_key(*id));
        self.trace
            .check(NOTHING, came.is_none(), format!("{came:?}"));
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    /// What it is called on the wire.
    pub(crate) fn id(&self) -> String {
        format!("{}/{}/{:?}", self.life, self.number, self.kind)
    }

    /// Reads what stands on the wire.
    pub(crate) fn read(id: &str) -> Option<Self> {
        let (rest, kind) = id.rsplit_once('/')?;
        let (life, number) = rest.rsplit_once('/')?;
        let kind = match kind {
            "Read" => Kind::Read,
            "Keyed" => Kind::Keyed,
            _ => Kind::Plain,
        };
        let number = number.parse().ok()?;
        let life = life.to_owned();
        Some(Self { life, number, kind })
    }
}
