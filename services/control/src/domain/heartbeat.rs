//! What the heartbeats of one process tell of it. `docs/faults.md` has the table.

use std::time::Duration;

use time::OffsetDateTime;

use super::fault::{Kind, Resolution, UNKNOWN};
use super::phi::{Phi, SUSPECT};

/// An answer that takes this long is a late one.
pub const LATE: Duration = Duration::from_millis(750);
/// How many late answers in a row make a slow process; as many quick ones end it.
const SLOW: u32 = 3;
/// How many of the same bad signs in a row are believed, where the silence is suspicious too.
const SIGNS: u32 = 2;
/// How many answers in a row end a fault.
const ANSWERS: u32 = 2;

/// A moment, by the observer's own time and by the clock on the wall.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// What the observer has lived so far.
    pub own: Duration,
    /// What the clock says.
    pub wall: OffsetDateTime,
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// An answer.
    Answer {
        /// Which life it came from, where it said so.
        incarnation: Option<String>,
        /// Whether whoever gave it is about to end in order.
        draining: bool,
    },
    /// Nobody listens.
    Refused,
    /// It takes connections, and says nothing.
    Silent,
    /// It is not to be reached, or breaks what is sent.
    Cut,
}

/// One question, and what came of it.
#[derive(Clone, Debug)]
pub struct Beat {
    /// When it was asked.
    pub asked: Moment,
    /// When that came.
    pub heard: Moment,
    /// What it was.
    pub sign: Sign,
    /// Whether its callers say that it fails them: then less of our own is believed.
    pub accused: bool,
}

/// What has been found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A fault has begun.
    Opened {
        /// What it is.
        kind: Kind,
        /// In which life of the process.
        incarnation: String,
        /// The last moment at which all was well.
        since: OffsetDateTime,
    },
    /// A fault is over.
    Closed {
        /// What it was.
        kind: Kind,
        /// In which life of the process.
        incarnation: String,
        /// The first moment at which all was well again.
        at: OffsetDateTime,
        /// How it ended.
        resolution: Resolution,
    },
}

/// One process, as its heartbeats show it. Of what was never heard nothing is said: it may not have come up yet.
#[derive(Clone, Debug, Default)]
pub struct Patient {
    heard: Option<Known>,
    bad: Option<(Sign, u32)>,
    late: Run,
    quick: Run,
    answers: Run,
    open: Vec<(Kind, String)>,
    /// Since when this life of it has had no fault that we know of.
    clean: Option<OffsetDateTime>,
}

/// What is known of a process that has been heard.
#[derive(Clone, Debug)]
struct Known {
    phi: Phi,
    at: OffsetDateTime,
    incarnation: String,
    leaving: bool,
}

/// So many in a row, and since when.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    count: u32,
    since: Option<OffsetDateTime>,
}

impl Run {
    fn goes_on(&mut self, at: OffsetDateTime) {
        self.count = self.count.saturating_add(1);
        self.since.get_or_insert(at);
    }
}

impl Patient {
    /// Takes in a beat, and tells what it means.
    pub fn take(&mut self, beat: &Beat) -> Vec<Verdict> {
        match &beat.sign {
            Sign::Answer {
                incarnation,
                draining,
            } => self.answered(beat, incarnation.as_deref(), *draining),
            sign => self.missed(beat, sign).into_iter().collect(),
        }
    }

    /// Whether it is suspected, or known to be ill.
    pub fn is_ill(&self) -> bool {
        !self.open.is_empty() || self.bad.is_some()
    }

    /// Whether it has said that it is about to end.
    pub fn is_leaving(&self) -> bool {
        self.heard.as_ref().is_some_and(|known| known.leaving)
    }

    /// Since when it answers in time without a break, and in which life. Nothing, where it does not.
    pub fn well(&self) -> Option<(OffsetDateTime, &str)> {
        let known = self.heard.as_ref().filter(|_| !self.is_ill())?;
        Some((self.quick.since?, &known.incarnation))
    }

    /// Since when the life that is known of it has had no fault.
    pub fn clean_since(&self) -> Option<OffsetDateTime> {
        self.clean.filter(|_| self.open.is_empty())
    }

    /// Closes all that is open: another process has taken its place at `at`.
    pub fn replaced(&mut self, at: OffsetDateTime) -> Vec<Verdict> {
        self.close(at, Resolution::Replaced)
    }

    fn answered(&mut self, beat: &Beat, life: Option<&str>, leaving: bool) -> Vec<Verdict> {
        let (at, life) = (beat.heard.wall, life.unwrap_or(UNKNOWN));
        self.bad = None;
        self.answers.goes_on(at);
        let mut verdicts = Vec::new();
        match &mut self.heard {
            Some(known) if known.incarnation == life => {
                if self.answers.count == 1 {
                    known.phi.again(beat.heard.own);
                }
                known.phi.heartbeat(beat.heard.own);
                (known.at, known.leaving) = (at, leaving);
            }
            known => {
                let before = known.take();
                *known = Some(Known {
                    phi: Phi::new(beat.heard.own),
                    at,
                    incarnation: life.to_owned(),
                    leaving,
                });
                (self.late, self.quick) = Default::default();
                self.clean = Some(at);
                verdicts = before
                    .map(|before| self.reborn(&before, at))
                    .unwrap_or_default();
            }
        }
        verdicts.extend(self.paced(beat));
        if self.answers.count >= ANSWERS {
            let over = self.answers.since.unwrap_or(at);
            let slow = self
                .open
                .iter()
                .position(|(kind, _)| *kind == Kind::InstanceSlow);
            let kept = slow.map(|slow| self.open.remove(slow));
            verdicts.extend(self.close(over, Resolution::Resumed));
            self.open.extend(kept);
        }
        verdicts
    }

    /// It has begun another life, after the one that was known `before`.
    fn reborn(&mut self, before: &Known, at: OffsetDateTime) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        if self.open.is_empty() && !before.leaving {
            let (kind, since) = (Kind::InstanceKilled, before.at);
            verdicts.push(self.open(kind, &before.incarnation, since));
        }
        verdicts.extend(self.close(at, Resolution::Restarted));
        verdicts
    }

    /// Whether its answers come as quickly as they should.
    fn paced(&mut self, beat: &Beat) -> Vec<Verdict> {
        let took = beat.heard.own.saturating_sub(beat.asked.own);
        let (goes_on, ends) = if took >= LATE {
            (&mut self.late, &mut self.quick)
        } else {
            (&mut self.quick, &mut self.late)
        };
        *ends = Run::default();
        goes_on.goes_on(beat.asked.wall);
        let Some(life) = self.heard.as_ref().map(|known| known.incarnation.clone()) else {
            return Vec::new();
        };
        let slow = |(kind, _): &(Kind, String)| *kind == Kind::InstanceSlow;
        match (self.late, self.quick) {
            (
                Run {
                    count: SLOW..,
                    since: Some(since),
                },
                _,
            ) if self.open.is_empty() => vec![self.open(Kind::InstanceSlow, &life, since)],
            (
                _,
                Run {
                    count: SLOW..,
                    since: Some(since),
                },
            ) if self.open.iter().any(slow) => self.close(since, Resolution::Resumed),
            _ => Vec::new(),
        }
    }

    fn missed(&mut self, beat: &Beat, sign: &Sign) -> Option<Verdict> {
        (self.answers, self.late, self.quick) = Default::default();
        let again = match &self.bad {
            Some((before, count)) if before == sign => *count + 1,
            _ => 1,
        };
        self.bad = Some((sign.clone(), again));
        let known = self.heard.as_ref()?;
        let kind = match sign {
            Sign::Refused => Kind::InstanceKilled,
            Sign::Silent => Kind::InstancePaused,
            Sign::Cut => Kind::InstanceCut,
            Sign::Answer { .. } => return None,
        };
        let suspicious = beat.accused || known.phi.phi(beat.heard.own) >= SUSPECT;
        // Where callers say so too, nobody who listens is sign enough: nothing looks like it.
        let sure = suspicious && (again >= SIGNS || beat.accused && *sign == Sign::Refused);
        let surer = self.open.iter().all(|(open, _)| open.rank() < kind.rank());
        // Whoever said that it was about to end has done so.
        let expected = known.leaving && kind == Kind::InstanceKilled;
        if !sure || !surer || expected {
            return None;
        }
        let (life, since) = (known.incarnation.clone(), known.at);
        Some(self.open(kind, &life, since))
    }

    fn open(&mut self, kind: Kind, incarnation: &str, since: OffsetDateTime) -> Verdict {
        self.open.push((kind, incarnation.to_owned()));
        Verdict::Opened {
            kind,
            incarnation: incarnation.to_owned(),
            since,
        }
    }

    fn close(&mut self, at: OffsetDateTime, resolution: Resolution) -> Vec<Verdict> {
        if !self.open.is_empty() {
            self.clean = Some(at);
        }
        let open = self.open.drain(..);
        let closed = open.map(|(kind, incarnation)| Verdict::Closed {
            kind,
            incarnation,
            at,
            resolution,
        });
        closed.collect()
    }
}

#[cfg(test)]
mod tests;
