//! The faults of a history: drawn from its seed, and over when all is healed, but for those that are gone for good.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::SmallRng;

use crate::clock;
use crate::hosts::Hosts;
use crate::net::{self, Host, Power};
use crate::trace::Trace;

/// When the last fault is over.
pub(crate) const HEALED: Duration = Duration::from_secs(9);

/// Something that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A process dies, and its kernel says so; or the whole host does, and nobody says so. It comes back.
    Crash(Host, Power),
    /// The same, and it does not.
    Gone(Host, Power),
    /// Nothing gets from one host to another, nor back.
    Cut(Host, Host),
    /// Nothing gets from one host to another.
    CutOneWay(Host, Host),
    /// A process stands still; its kernel takes what is said to it.
    Pause(Host),
    /// A host has an illness.
    Ill(Host, Illness),
    /// Messages get lost now and then, everywhere, and connections with them.
    Lossy,
}

/// What a process can suffer from that others still reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Illness {
    /// It takes seconds for what took milliseconds.
    Slow,
    /// It fails, sometimes after the work was done.
    Broken,
    /// It takes nothing, and says so.
    Refusing,
    /// It forgets everything.
    Emptied,
    /// What it rests on is replaced.
    Promoted,
    /// It has crashed.
    Down,
}

/// A fault with its time.
struct Planned {
    fault: Fault,
    time: Range<Duration>,
    going: bool,
}

/// The faults of a history.
#[derive(Default)]
pub(crate) struct Course(Vec<Planned>);

/// The illnesses that hosts have.
#[derive(Clone, Default)]
pub(crate) struct Ills(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    now: BTreeMap<Host, Illness>,
    resumed: BTreeMap<Host, Duration>,
}

impl Ills {
    /// What `host` suffers from.
    pub(crate) fn of(&self, host: &str) -> Option<Illness> {
        self.lock().now.get(host).copied()
    }

    /// Until when `host` stood still last.
    pub(crate) fn resumed(&self, host: &str) -> Duration {
        let resumed = self.lock().resumed.get(host).copied();
        resumed.unwrap_or_default()
    }

    fn begin(&self, host: Host, illness: Illness) {
        self.lock().now.insert(host, illness);
    }

    fn end(&self, host: Host) {
        self.lock().now.remove(host);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    /// Draws one to five faults, each by `draw`.
    pub(crate) fn draw(chance: &mut SmallRng, draw: impl Fn(&mut SmallRng) -> Fault) -> Self {
        let many = chance.random_range(1..=5);
        let planned = (0..many).map(|_| {
            let begins = chance.random_range(1_000..7_000);
            let lasts = chance.random_range(300..6_000);
            let ends = (begins + lasts).min(8_900);
            Planned {
                fault: draw(chance),
                time: Duration::from_millis(begins)..Duration::from_millis(ends),
                going: false,
            }
        });
        Self(planned.collect())
    }

    /// Adds a fault that begins then and is never healed.
    pub(crate) fn stays(&mut self, fault: Fault, begins: Duration) {
        self.0.push(Planned {
            fault,
            time: begins..Duration::MAX,
            going: false,
        });
    }

    /// Begins and ends what is to begin and end now.
    pub(crate) fn step(&mut self, hosts: &mut Hosts, ills: &Ills, trace: &Trace) {
        let now = clock::now();
        for at in 0..self.0.len() {
            let Planned { fault, time, going } = &mut self.0[at];
            let (fault, wanted) = (*fault, time.contains(&now));
            if wanted == std::mem::replace(going, wanted) {
                continue;
            }
            if wanted {
                trace.tell(format_args!("fault: {fault}"));
                begin(fault, hosts, ills);
            } else {
                trace.tell(format_args!("healed: {fault}"));
                self.end(fault, hosts, ills);
            }
        }
    }

    /// When the next fault begins or ends; at the latest in a second.
    pub(crate) fn next(&self) -> Duration {
        let now = clock::now();
        let times = self.0.iter().flat_map(|it| [it.time.start, it.time.end]);
        let soon = now + Duration::from_secs(1);
        times.filter(|time| *time > now).fold(soon, Duration::min)
    }

    fn end(&self, fault: Fault, hosts: &mut Hosts, ills: &Ills) {
        match fault {
            Fault::Gone(..) => {}
            Fault::Crash(host, _) => {
                ills.end(host);
                if !self.is_gone(host) {
                    hosts.start(host);
                }
            }
            Fault::Cut(one, other) => {
                net::heal(one, other);
                net::heal(other, one);
            }
            Fault::CutOneWay(from, to) => net::heal(from, to),
            Fault::Pause(host) => {
                ills.lock().resumed.insert(host, clock::now());
                hosts.resume(host);
            }
            Fault::Ill(host, _) => ills.end(host),
            Fault::Lossy => net::lossy(false),
        }
    }

    fn is_gone(&self, host: Host) -> bool {
        let gone = |it: &Planned| matches!(it.fault, Fault::Gone(gone, _) if gone == host);
        self.0.iter().any(|it| it.going && gone(it))
    }
}

fn begin(fault: Fault, hosts: &mut Hosts, ills: &Ills) {
    match fault {
        Fault::Crash(host, left) | Fault::Gone(host, left) => {
            ills.begin(host, Illness::Down);
            hosts.end(host, left);
        }
        Fault::Cut(one, other) => {
            net::cut(one, other);
            net::cut(other, one);
        }
        Fault::CutOneWay(from, to) => net::cut(from, to),
        Fault::Pause(host) => hosts.pause(host),
        Fault::Ill(host, illness) => ills.begin(host, illness),
        Fault::Lossy => net::lossy(true),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash(host, Power::Off) => write!(f, "{host} loses its power"),
            Self::Crash(host, _) => write!(f, "{host} is killed"),
            Self::Gone(host, Power::Off) => write!(f, "{host} loses its power for good"),
            Self::Gone(host, _) => write!(f, "{host} is killed for good"),
            Self::Cut(one, other) => write!(f, "{one} and {other} are cut off from each other"),
            Self::CutOneWay(from, to) => write!(f, "nothing gets from {from} to {to}"),
            Self::Pause(host) => write!(f, "{host} stands still"),
            Self::Ill(host, illness) => write!(f, "{host} is {illness:?}"),
            Self::Lossy => f.write_str("messages get lost"),
        }
    }
}
