//! What callers say of an instance that they call, and what follows from it. `docs/faults.md` says how it is weighed.

use std::collections::BTreeSet;
use std::time::Duration;

use time::OffsetDateTime;

use super::fault::{Kind, Resolution};
use super::heartbeat::{Patient, Verdict};

/// For how long an instance must have answered us since a caller has ejected it, until that is a fault of its own: one that is
/// gone has been missed by then, or has not answered.
const ANSWERED: Duration = Duration::from_secs(1);
/// For how long one caller may be alone with what it says.
const ALONE: Duration = Duration::from_secs(5);

/// What a caller thinks of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// The service that it is of.
    pub service: String,
    /// Where it takes calls.
    pub address: String,
    /// Since when it is ejected, where it is.
    pub ejected_at: Option<OffsetDateTime>,
    /// When it answered last.
    pub answered_at: Option<OffsetDateTime>,
}

/// What one caller says of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Who says it.
    pub caller: String,
    /// Since when it is ejected, where it is.
    pub ejected_at: Option<OffsetDateTime>,
    /// When it answered last.
    pub answered_at: Option<OffsetDateTime>,
}

/// What was said of one instance, and what was made of it.
#[derive(Clone, Debug, Default)]
pub struct Hearsay {
    open: Option<Open>,
    /// Until when what was said is judged.
    judged: Option<OffsetDateTime>,
}

/// A fault that only callers see.
#[derive(Clone, Debug)]
struct Open {
    incarnation: String,
    since: OffsetDateTime,
    callers: BTreeSet<String>,
}

impl Hearsay {
    /// Whether callers say, by `words`, that this life of it fails them, and nothing was made of that yet.
    pub fn accuses(&self, words: &[Word], patient: &Patient) -> bool {
        self.first(words, patient).is_some()
    }

    /// The life that has a fault which only callers see, and which callers those are so far.
    pub fn open(&self) -> Option<(&str, &BTreeSet<String>)> {
        let open = self.open.as_ref()?;
        Some((&open.incarnation, &open.callers))
    }

    /// Takes in what callers say at `now`, beside what the heartbeats show, and tells what that means.
    pub fn take(
        &mut self,
        words: &[Word],
        patient: &Patient,
        now: OffsetDateTime,
    ) -> Option<Verdict> {
        if self.open.is_none() {
            return self.begin(words, patient, now);
        }
        let resolution = self.ending(words, patient, now)?;
        self.close(now, resolution)
    }

    /// Closes what is open: another process has taken its place at `at`.
    pub fn replaced(&mut self, at: OffsetDateTime) -> Option<Verdict> {
        self.close(at, Resolution::Replaced)
    }

    fn begin(&mut self, words: &[Word], patient: &Patient, now: OffsetDateTime) -> Option<Verdict> {
        let since = self.first(words, patient)?;
        let (_, life) = patient.well().filter(|_| !patient.is_leaving())?;
        if now < since + ANSWERED {
            return None;
        }
        let (kind, incarnation) = (Kind::InstanceEjected, life.to_owned());
        self.open = Some(Open {
            incarnation: incarnation.clone(),
            since,
            callers: ejecting(words)
                .map(|(caller, _)| caller.to_owned())
                .collect(),
        });
        Some(Verdict::Opened {
            kind,
            incarnation,
            since,
        })
    }

    /// How what is open ends now, where it does.
    fn ending(
        &mut self,
        words: &[Word],
        patient: &Patient,
        now: OffsetDateTime,
    ) -> Option<Resolution> {
        let open = self.open.as_mut()?;
        let callers = ejecting(words).map(|(caller, _)| caller.to_owned());
        open.callers.extend(callers);
        let answers = |word: &Word| word.answered_at.is_some_and(|at| at > open.since);
        let others = words.iter().filter(|word| word.ejected_at.is_none());
        let vouched = others
            .filter(|word| !open.callers.contains(&word.caller))
            .any(answers);
        let well = patient.well().is_some_and(|(since, _)| since <= open.since);
        let alone = open.callers.len() == 1 && vouched && well;
        let goes_on = ejecting(words).next().is_some();
        match (alone, goes_on) {
            (true, false) => Some(Resolution::FalseAlarm),
            (true, true) if now >= open.since + ALONE => Some(Resolution::FalseAlarm),
            (false, false) => Some(Resolution::Resumed),
            (_, true) => None,
        }
    }

    /// When a caller was the first to eject this life of it, among those of whom nothing was made yet.
    fn first(&self, words: &[Word], patient: &Patient) -> Option<OffsetDateTime> {
        let clean = patient.clean_since()?;
        let from = self.judged.map_or(clean, |judged| judged.max(clean));
        let times = ejecting(words).map(|(_, at)| at);
        times.filter(|at| *at > from).min()
    }

    fn close(&mut self, at: OffsetDateTime, resolution: Resolution) -> Option<Verdict> {
        let open = self.open.take()?;
        self.judged = Some(at);
        Some(Verdict::Closed {
            kind: Kind::InstanceEjected,
            incarnation: open.incarnation,
            at,
            resolution,
        })
    }
}

/// Who ejects it, and since when.
fn ejecting(words: &[Word]) -> impl Iterator<Item = (&str, OffsetDateTime)> {
    let all = words.iter();
    all.filter_map(|word| Some((word.caller.as_str(), word.ejected_at?)))
}

#[cfg(test)]
mod tests;
