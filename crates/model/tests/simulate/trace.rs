//! What happens in a history, in order, and the first invariant that breaks.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock;

/// What happens in a history. Clones write into the same one.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<Log>>);

#[derive(Default)]
struct Log {
    text: String,
    seen: BTreeSet<&'static str>,
    broken: Option<&'static str>,
}

impl Trace {
    /// Writes down what happened.
    pub(crate) fn tell(&self, what: impl Display) {
        let mut log = self.log();
        let at = clock::now().as_secs_f64();
        let _ = writeln!(log.text, "{at:8.3}  {what}");
    }

    /// Notes that what is worth to be seen has been.
    pub(crate) fn saw(&self, what: &'static str) {
        self.log().seen.insert(what);
    }

    /// Writes down that an invariant breaks, and how; the history ends with it.
    pub(crate) fn broken(&self, invariant: &'static str, how: impl Display) {
        self.tell(format_args!("BROKEN: {invariant}: {how}"));
        self.log().broken.get_or_insert(invariant);
    }

    /// Breaks `invariant` unless it holds.
    pub(crate) fn check(&self, invariant: &'static str, holds: bool, how: impl Display) {
        if !holds {
            self.broken(invariant, how);
        }
    }

    /// The invariant that broke first.
    pub(crate) fn is_broken(&self) -> Option<&'static str> {
        self.log().broken
    }

    /// All that was written, what was seen, and what is broken.
    pub(crate) fn told(&self) -> String {
        let log = self.log();
        let mut text = log.text.clone();
        log.seen.iter().for_each(|seen| {
            let _ = writeln!(text, "seen: {seen}");
        });
        if let Some(broken) = log.broken {
            let _ = writeln!(text, "broken: {broken}");
        }
        text
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
