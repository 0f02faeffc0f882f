//! What a load sees while it runs: how many come, how long they take, what they are told, how many wait.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::{Act, Errand};

/// The longest time that is told from longer ones, in microseconds.
const LONGEST: u64 = 600_000_000;

/// Counts what a load does.
#[derive(Debug)]
pub struct Gauge(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    came: u64,
    left_out: u64,
    errors: BTreeMap<String, Errors>,
    acts: BTreeMap<Act, Tally>,
    recent: Histogram<u64>,
    waiting: u64,
}

/// What became of those who came for one thing.
#[derive(Debug, Clone)]
struct Tally {
    served: u64,
    failed: u64,
    took: Histogram<u64>,
}

/// How often something else was heard than what somebody came for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Errors {
    /// So many were left with it.
    pub ended: u64,
    /// So often the same was sent again.
    pub retried: u64,
}

/// What a gauge showed at a moment.
#[derive(Debug, Clone)]
pub struct Shown {
    /// How many have come so far.
    pub came: u64,
    /// How many of them this machine had no room for.
    pub left_out: u64,
    /// How many wait.
    pub waiting: u64,
    /// What 50, 90, 99 and 99.9 of a hundred took at most that were served since the last look; nothing where none were.
    pub recent: Option<[Duration; 4]>,
    /// How many were served since the last look.
    pub served: u64,
    /// What was heard instead of what somebody came for, by what it was.
    pub errors: BTreeMap<String, Errors>,
    /// By what they came for: served, failed, and the same times from the beginning on.
    pub acts: Vec<(Act, u64, u64, [Duration; 4])>,
}

impl Default for Gauge {
    fn default() -> Self {
        Self(Mutex::new(Inner {
            came: 0,
            left_out: 0,
            errors: BTreeMap::new(),
            acts: BTreeMap::new(),
            recent: histogram(),
            waiting: 0,
        }))
    }
}

impl Gauge {
    /// Somebody came.
    pub fn came(&self) {
        let mut held = self.held();
        held.came += 1;
        held.waiting += 1;
    }

    /// Somebody came, and this machine had no room for them.
    pub fn left_out(&self) {
        let mut held = self.held();
        held.came += 1;
        held.left_out += 1;
    }

    /// Something else was heard than what somebody came for, and they were left with it.
    pub fn ended(&self, error: &str) {
        self.held().errors_of(error).ended += 1;
    }

    /// The same, and they sent it again.
    pub fn retried(&self, error: &str) {
        self.held().errors_of(error).retried += 1;
    }

    /// Somebody had what they came for, or gave up.
    pub fn done(&self, errand: &Errand) {
        let mut held = self.held();
        held.waiting = held.waiting.saturating_sub(1);
        let tally = held.acts.entry(errand.act).or_insert_with(Tally::new);
        if !errand.served {
            tally.failed += 1;
            return;
        }
        let took = micros(errand.ended - errand.came);
        tally.served += 1;
        tally.took.saturating_record(took);
        held.recent.saturating_record(took);
    }

    /// What it shows; what is recent begins anew.
    pub fn look(&self) -> Shown {
        let mut held = self.held();
        let recent = std::mem::replace(&mut held.recent, histogram());
        let acts = held.acts.iter();
        let acts = acts.map(|(act, tally)| (*act, tally.served, tally.failed, times(&tally.took)));
        Shown {
            came: held.came,
            left_out: held.left_out,
            waiting: held.waiting,
            served: recent.len(),
            recent: (!recent.is_empty()).then(|| times(&recent)),
            errors: held.errors.clone(),
            acts: acts.collect(),
        }
    }

    fn held(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn errors_of(&mut self, error: &str) -> &mut Errors {
        self.errors.entry(error.to_owned()).or_default()
    }
}

impl Tally {
    fn new() -> Self {
        Self {
            served: 0,
            failed: 0,
            took: histogram(),
        }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds that a histogram takes")
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(LONGEST)
}

fn times(took: &Histogram<u64>) -> [Duration; 4] {
    [0.5, 0.9, 0.99, 0.999].map(|share| Duration::from_micros(took.value_at_quantile(share)))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn an_errand_takes_as_long_as_since_somebody_came() {
        let (gauge, now) = (Gauge::default(), Instant::now());
        let errand = |milliseconds, served| Errand {
            act: Act::Order,
            came: now,
            ended: now + Duration::from_millis(milliseconds),
            sent: 1,
            served,
        };
        for milliseconds in 1..=100 {
            gauge.came();
            gauge.done(&errand(milliseconds, true));
        }
        gauge.came();
        gauge.came();
        gauge.done(&errand(5_000, false));
        gauge.retried("503");
        gauge.retried("503");
        gauge.ended("503");

        let shown = gauge.look();

        let close = |found: Duration, wanted: u64| found.as_millis().abs_diff(wanted.into()) <= 1;
        let recent = shown.recent.unwrap();
        assert!(close(recent[0], 50) && close(recent[2], 99), "{recent:?}");
        assert_eq!((shown.came, shown.served, shown.waiting), (102, 100, 1));
        let (act, served, failed, took) = shown.acts[0];
        assert_eq!((act, served, failed), (Act::Order, 100, 1));
        assert!(close(took[0], 50));
        let errors = shown.errors["503"];
        assert_eq!((errors.ended, errors.retried), (1, 2));
        assert!(gauge.look().recent.is_none());
    }
}
