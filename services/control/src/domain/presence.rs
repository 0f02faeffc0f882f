//! Who is there: what each instance told of itself, and what follows from it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::hearsay::{Opinion, Word};

/// Whoever was not heard of for so long is silent: a few times what instances take between two reports.
const SILENT: Duration = Duration::from_secs(2);
/// Whoever was not heard of for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_mins(10);
/// Whoever ended in order is forgotten sooner.
const LEFT: Duration = Duration::from_secs(5);
/// Over how long rates are taken.
const LATELY: Duration = Duration::from_secs(5);
/// Over how much they are reckoned at least: what an instance is asked at once when it is new is no load yet.
const LEAST: Duration = Duration::from_secs(2);
/// How many instances are kept in mind at most.
const MOST: usize = 4_096;

/// What an instance tells of itself. Totals begin with its process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What it is called.
    pub instance: String,
    /// What it is.
    pub service: String,
    /// Where it takes requests.
    pub address: String,
    /// Where it stands.
    pub zone: String,
    /// The version of its program.
    pub version: String,
    /// Tells this life of it from the one before.
    pub incarnation: String,
    /// When it was started; RFC 3339.
    pub started_at: String,
    /// Whether it is ready for requests.
    pub ready: bool,
    /// Whether it is about to end.
    pub draining: bool,
    /// What it can do without and does not reach.
    pub degraded: Vec<String>,
    /// Requests that have ended.
    pub requests: u64,
    /// Those of them that it failed.
    pub failed: u64,
    /// Requests that found no room.
    pub shed: u64,
    /// The time that the ended ones took in all, in microseconds.
    pub taken_micros: u64,
    /// Requests under way.
    pub in_flight: u32,
    /// How many may be worked on at once.
    pub limit: u32,
    /// Processor time of its process.
    pub cpu_millis: u64,
    /// Resident memory of its process.
    pub memory_bytes: u64,
    /// What it thinks of those that it calls.
    pub opinions: Vec<Opinion>,
}

/// How an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is there and not ready yet.
    Starting,
    /// It takes requests.
    Up,
    /// It answers what it has, and ends.
    Draining,
    /// It was not heard of for a while.
    Silent,
}

/// How busy an instance was of late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Requests that ended in a second.
    pub requests_per_second: f64,
    /// How long they took in the middle, in milliseconds.
    pub latency_millis: f64,
    /// What part of a processor its process used.
    pub cpu: f64,
    /// Requests that ended in a second and were not failed.
    pub answered_per_second: f64,
    /// Requests that found no room in a second.
    pub shed_per_second: f64,
    /// Requests that were asked of it in a second: those that ended, and those that found no room.
    pub asked_per_second: f64,
}

/// An instance that was heard of.
#[derive(Clone, Debug)]
pub struct Presence {
    /// What it told last.
    pub report: Report,
    /// How it is.
    pub state: State,
    /// When it was heard of last.
    pub heard_at: OffsetDateTime,
    /// How busy it was of late.
    pub pace: Pace,
}

/// All that were heard of, by name.
#[derive(Debug, Default)]
pub struct Roll {
    members: BTreeMap<String, Member>,
}

#[derive(Debug)]
struct Member {
    report: Report,
    heard: Instant,
    heard_at: OffsetDateTime,
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    requests: u64,
    failed: u64,
    shed: u64,
    taken_micros: u64,
    cpu_millis: u64,
}

impl Presence {
    /// Corrects it by what whoever looks after the instance sees: that decides whether it is there.
    pub fn seen(&mut self, is_there: Option<bool>) {
        match is_there {
            Some(false) => self.state = State::Silent,
            Some(true) if self.state == State::Silent => self.state = self.report.state(),
            _ => {}
        }
    }
}

impl Report {
    /// How it is by its own word.
    fn state(&self) -> State {
        match (self.draining, self.ready) {
            (true, _) => State::Draining,
            (false, true) => State::Up,
            (false, false) => State::Starting,
        }
    }
}

impl Roll {
    /// Hears of an instance. Of more than can be kept in mind, new ones are not.
    pub fn hear(&mut self, report: Report, now: Instant, at: OffsetDateTime) {
        self.forget(now);
        let full = self.members.len() >= MOST;
        let known = self.members.get_mut(&report.instance);
        match known {
            Some(member) => member.hear(report, now, at),
            None if full => {}
            None => {
                let member = Member::new(report, now, at);
                self.members.insert(member.report.instance.clone(), member);
            }
        }
    }

    /// Everybody who is in mind.
    pub fn all(&self, now: Instant) -> Vec<Presence> {
        let members = self.members.values();
        members.map(|member| member.presence(now)).collect()
    }

    /// The instance of this name.
    pub fn find(&self, instance: &str, now: Instant) -> Option<Presence> {
        Some(self.members.get(instance)?.presence(now))
    }

    /// What those who are heard of say of the instance of `service` at `address`.
    pub fn words(&self, service: &str, address: &str, now: Instant) -> Vec<Word> {
        let heard = |member: &&Member| now.saturating_duration_since(member.heard) <= SILENT;
        let members = self.members.values().filter(heard);
        let words = members.flat_map(|member| {
            let opinions = member.report.opinions.iter();
            let of = |one: &&Opinion| one.service == service && one.address == address;
            opinions.filter(of).map(|opinion| Word {
                caller: member.report.instance.clone(),
                ejected_at: opinion.ejected_at,
                answered_at: opinion.answered_at,
            })
        });
        words.collect()
    }

    fn forget(&mut self, now: Instant) {
        self.members.retain(|_, member| {
            let memory = if member.report.draining {
                LEFT
            } else {
                FORGOTTEN
            };
            now.saturating_duration_since(member.heard) < memory
        });
    }
}

impl Member {
    fn new(report: Report, now: Instant, at: OffsetDateTime) -> Self {
        Self {
            samples: VecDeque::from([Sample::of(&report, now)]),
            report,
            heard: now,
            heard_at: at,
        }
    }

    fn hear(&mut self, report: Report, now: Instant, at: OffsetDateTime) {
        if report.incarnation != self.report.incarnation {
            // Its totals began anew.
            self.samples.clear();
        }
        self.samples.push_back(Sample::of(&report, now));
        // One that is older than that stays, to begin from.
        while self
            .samples
            .get(1)
            .is_some_and(|second| now.saturating_duration_since(second.at) > LATELY)
        {
            self.samples.pop_front();
        }
        (self.report, self.heard, self.heard_at) = (report, now, at);
    }

    fn presence(&self, now: Instant) -> Presence {
        let state = if now.saturating_duration_since(self.heard) > SILENT {
            State::Silent
        } else {
            self.report.state()
        };
        Presence {
            report: self.report.clone(),
            state,
            heard_at: self.heard_at,
            pace: if state == State::Silent {
                Pace::default()
            } else {
                self.pace()
            },
        }
    }

    fn pace(&self) -> Pace {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return Pace::default();
        };
        let seconds = last.at.saturating_duration_since(first.at).max(LEAST);
        let seconds = seconds.as_secs_f64();
        let grown = |total: fn(&Sample) -> u64| float(total(last).saturating_sub(total(first)));
        let ended = grown(|sample| sample.requests);
        let taken = grown(|sample| sample.taken_micros);
        let (failed, shed) = (grown(|sample| sample.failed), grown(|sample| sample.shed));
        let cpu = grown(|sample| sample.cpu_millis);
        Pace {
            answered_per_second: (ended - failed).max(0.0) / seconds,
            shed_per_second: shed / seconds,
            asked_per_second: (ended + shed) / seconds,
            requests_per_second: ended / seconds,
            latency_millis: if ended > 0.0 {
                taken / ended / 1e3
            } else {
                0.0
            },
            cpu: cpu / 1e3 / seconds,
        }
    }
}

impl Sample {
    fn of(report: &Report, at: Instant) -> Self {
        Self {
            at,
            requests: report.requests,
            failed: report.failed,
            shed: report.shed,
            taken_micros: report.taken_micros,
            cpu_millis: report.cpu_millis,
        }
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "differences of a few seconds are far below 2^52"
)]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
