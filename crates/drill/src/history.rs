//! What customers did and were told, all of it, in the order in which it ended.

mod entries;
mod file;
mod operation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use uuid::Uuid;

pub use self::entries::{Act, Errand, Look, OwnRead, RefusedRead, Sending};
use self::file::Lines;
pub use self::operation::Operation;
use crate::Wish;

/// What customers did and were told.
#[derive(Debug, Default)]
pub struct History {
    kept: Mutex<Inner>,
    forgets: bool,
    lines: Option<Lines>,
}

#[derive(Debug, Default)]
struct Inner {
    sendings: Vec<Sending>,
    looks: Vec<Look>,
    reads: Vec<OwnRead>,
    refused_reads: Vec<RefusedRead>,
    errands: Vec<Errand>,
}

impl History {
    /// One that keeps nothing, and so can go on for as long as anybody likes.
    pub fn forgetful() -> Self {
        Self {
            forgets: true,
            ..Self::default()
        }
    }

    /// The same, and each operation is also a line of JSON in the file at `path` as soon as it has ended; times there are seconds
    /// after `start`.
    ///
    /// # Errors
    /// When there can be no such file.
    pub fn written_to(self, path: &Path, start: Instant) -> anyhow::Result<Self> {
        Ok(Self {
            lines: Some(Lines::begin(path, start)?),
            ..self
        })
    }

    /// Says whether all that was to be written to a file is there.
    ///
    /// # Errors
    /// Why it is not.
    pub fn written(&self) -> anyhow::Result<()> {
        self.lines.as_ref().map_or(Ok(()), Lines::written)
    }

    /// Writes down a request that has ended, where there is a file for it.
    pub fn ended(&self, operation: &Operation<'_>) {
        if let Some(lines) = &self.lines {
            lines.write(operation);
        }
    }

    /// Writes down a wish that was sent.
    pub fn sent(&self, sending: Sending) {
        self.keep(|kept| kept.sendings.push(sending));
    }

    /// Writes down a look.
    pub fn looked(&self, look: Look) {
        self.keep(|kept| kept.looks.push(look));
    }

    /// Writes down that somebody read what is theirs.
    pub fn read(&self, read: OwnRead) {
        self.keep(|kept| kept.reads.push(read));
    }

    /// Writes down that somebody was refused what is theirs.
    pub fn refused(&self, read: RefusedRead) {
        self.keep(|kept| kept.refused_reads.push(read));
    }

    /// Writes down what became of an errand.
    pub fn done(&self, errand: Errand) {
        self.keep(|kept| kept.errands.push(errand));
    }

    /// All errands, in the order in which they ended.
    pub fn errands(&self) -> Vec<Errand> {
        self.held().errands.clone()
    }

    /// All that was sent, in the order in which it ended.
    pub fn sendings(&self) -> Vec<Sending> {
        self.held().sendings.clone()
    }

    /// All looks, in the order in which they ended.
    pub fn looks(&self) -> Vec<Look> {
        self.held().looks.clone()
    }

    /// All reads of what is the reader's own.
    pub fn reads(&self) -> Vec<OwnRead> {
        self.held().reads.clone()
    }

    /// All reads of what is the reader's own that were refused.
    pub fn refused_reads(&self) -> Vec<RefusedRead> {
        self.held().refused_reads.clone()
    }

    /// The wishes of which nobody knows yet what became of them.
    pub fn open(&self) -> Vec<Arc<Wish>> {
        let mut open: BTreeMap<(Uuid, String), Arc<Wish>> = BTreeMap::new();
        let sendings = self.sendings();
        for one in &sendings {
            let wish = &one.wish;
            open.insert((wish.customer, wish.key.clone()), wish.clone());
        }
        for one in sendings.iter().filter(|one| !one.heard.is_open()) {
            open.remove(&(one.wish.customer, one.wish.key.clone()));
        }
        open.into_values().collect()
    }

    /// Whose wishes they were.
    pub fn customers(&self) -> Vec<Uuid> {
        let held = self.held();
        let all: HashSet<Uuid> = held.sendings.iter().map(|one| one.wish.customer).collect();
        all.into_iter().collect()
    }

    /// How many wishes were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        let held = self.held();
        let taken = held.sendings.iter().filter(|one| one.heard.is_taken());
        taken.count()
    }

    /// How many keys are known to be an order.
    pub fn acknowledged_keys(&self) -> usize {
        let held = self.held();
        let taken = held.sendings.iter().filter(|one| one.heard.is_taken());
        let keys: HashSet<(Uuid, &str)> = taken
            .map(|one| (one.wish.customer, one.wish.key.as_str()))
            .collect();
        keys.len()
    }

    /// How many looks were answered so far.
    pub fn answered(&self) -> usize {
        self.held()
            .looks
            .iter()
            .filter(|look| look.answered)
            .count()
    }

    /// All that was heard of each key that had to be sent again more than `retries` times, in words.
    pub fn stubborn(&self, retries: usize) -> Vec<String> {
        let mut heard: BTreeMap<(Uuid, String), Vec<String>> = BTreeMap::new();
        for one in self.sendings() {
            let key = (one.wish.customer, one.wish.key.clone());
            let took = (one.ended - one.began).as_secs_f64();
            let words = format!("{took:.2} s: {:?}", one.heard);
            heard.entry(key).or_default().push(words);
        }
        let often = heard
            .into_iter()
            .filter(|(_, heard)| heard.len() > retries + 1);
        often
            .map(|((_, key), heard)| format!("{key}: {}", heard.join("; ")))
            .collect()
    }

    fn keep(&self, what: impl FnOnce(&mut Inner)) {
        if !self.forgets {
            what(&mut self.held());
        }
    }

    fn held(&self) -> MutexGuard<'_, Inner> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
