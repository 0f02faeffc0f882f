//! Who is there, by what a registry tells in which entries run out. No I/O, no clock.
//!
//! An entry that vanishes may stand for an instance that has died, or for one that lives and cannot reach etcd, or whose
//! etcd was gone for longer than its lease. Few at once are believed to be dead, and so is a whole zone at once; most of
//! them at once are missed, and stay listed. Who ends in order says so before, and is no longer ready.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::entry::Entry;
use crate::Instance;

/// Those that vanish within this time have vanished at once: twice the longest lease, since of many that lose etcd
/// together the last is missed a lease after the first.
const AT_ONCE: Duration = Duration::from_secs(30);

type Key = Vec<u8>;

/// Who is there, and who is missed.
#[derive(Debug, Default)]
pub(super) struct Roll {
    present: BTreeMap<Key, Entry>,
    /// Those that vanished without a word, and when.
    missed: BTreeMap<Key, (Entry, Instant)>,
    doubt: Doubt,
}

/// Whether those that are missed are believed to be dead.
#[derive(Clone, Copy, Debug, Default)]
enum Doubt {
    /// They are few, and they are.
    #[default]
    None,
    /// They are most of all, and are not.
    Most,
    /// They were most of all, and since then others have come back: those who have not by the end of [`AT_ONCE`] are dead.
    Fewer(Instant),
}

impl Roll {
    /// Somebody wrote an entry.
    pub(super) fn came(&mut self, key: Key, entry: Entry) {
        self.missed.remove(&key);
        self.present.insert(key, entry);
    }

    /// An entry is gone. Who was not ready any more has said that it would go.
    pub(super) fn went(&mut self, key: &[u8], now: Instant) {
        if let Some((key, entry)) = self.present.remove_entry(key)
            && entry.instance.ready
        {
            self.missed.insert(key, (entry, now));
        }
    }

    /// These and no others have an entry.
    pub(super) fn replace(&mut self, found: BTreeMap<Key, Entry>, now: Instant) {
        let known: Vec<Key> = self.present.keys().cloned().collect();
        for key in known.iter().filter(|key| !found.contains_key(*key)) {
            self.went(key, now);
        }
        for (key, entry) in found {
            self.came(key, entry);
        }
    }

    /// Whether one of `found` is as we know it: the same lease, written at the same revision.
    pub(super) fn knows_any(&self, found: &BTreeMap<Key, Entry>) -> bool {
        let known = |(key, entry): (&Key, &Entry)| self.present.get(key) == Some(entry);
        found.iter().any(known)
    }

    /// The registry was gone until now: nobody could write anything, so the time until then does not count.
    pub(super) fn resume(&mut self, now: Instant) {
        for (_, since) in self.missed.values_mut() {
            *since = now;
        }
        if let Doubt::Fewer(since) = &mut self.doubt {
            *since = now;
        }
    }

    /// The list as it is to be handed out, by name.
    pub(super) fn list(&mut self, now: Instant) -> Vec<Instance> {
        let dead = self.dead_zones();
        self.forget(&dead, now);
        let missed = self.missed.values().map(|(entry, _)| entry);
        let missed = missed.filter(|entry| !dead.contains(&entry.instance.zone));
        let missed: Vec<&Entry> = missed.collect();
        self.doubt = self.doubt.now(missed.len(), self.present.len(), now);
        match self.doubt {
            Doubt::None => self.once_each(Vec::new()),
            Doubt::Most | Doubt::Fewer(_) => self.once_each(missed),
        }
    }

    /// Forgets those that have been missed for so long that they are dead.
    fn forget(&mut self, dead: &HashSet<String>, now: Instant) {
        if matches!(self.doubt, Doubt::Fewer(since) if now.saturating_duration_since(since) >= AT_ONCE)
        {
            self.doubt = Doubt::None;
        }
        let doubt = !matches!(self.doubt, Doubt::None);
        self.missed.retain(|_, (entry, since)| {
            let recent = now.saturating_duration_since(*since) < AT_ONCE;
            recent || doubt && !dead.contains(&entry.instance.zone)
        });
    }

    /// Zones of which nobody is left while nobody is missed in another.
    fn dead_zones(&self) -> HashSet<String> {
        let zones = |entries: &mut dyn Iterator<Item = &Entry>| -> HashSet<String> {
            let zones = entries.map(|entry| entry.instance.zone.clone());
            zones.filter(|zone| !zone.is_empty()).collect()
        };
        let alive = zones(&mut self.present.values());
        let missed = zones(&mut self.missed.values().map(|(entry, _)| entry));
        if alive.is_subset(&missed) {
            return HashSet::new();
        }
        missed.difference(&alive).cloned().collect()
    }

    /// Those that are present and `missed`, no name and no address twice: the last that was written counts, and of those
    /// that are missed none beside one that is there.
    fn once_each(&self, mut missed: Vec<&Entry>) -> Vec<Instance> {
        let mut all: Vec<&Entry> = self.present.values().collect();
        all.sort_by_key(|entry| -entry.revision);
        missed.sort_by_key(|entry| -entry.revision);
        let (mut ids, mut addrs) = (HashSet::new(), HashSet::new());
        let mut list = Vec::new();
        for Entry { instance, .. } in all.into_iter().chain(missed) {
            if ids.insert(instance.id.as_str()) & addrs.insert(instance.addr.as_str()) {
                list.push(instance.clone());
            }
        }
        list.sort_by(|one: &Instance, other| one.id.cmp(&other.id));
        list
    }
}

impl Doubt {
    /// What it is where `doubted` are missed and `present` are there.
    fn now(self, doubted: usize, present: usize, now: Instant) -> Self {
        match self {
            _ if doubted > present => Self::Most,
            Self::Most => Self::Fewer(now),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
