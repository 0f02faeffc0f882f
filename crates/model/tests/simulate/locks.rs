//! The world of locks: three holders want one lock, of a service of two instances over one database, to write to one resource.
//!
//! Real: `lock`'s owner, guard and renewals, over `discovery`'s channel; `control::domain::lock`, which decides who has it. Of the
//! simulation: the database, and the resource with its fence.

mod desk;
mod holder;
mod resource;

use std::sync::Arc;
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;

use self::desk::Desk;
use self::holder::Holder;
use self::resource::Resource;
use crate::clock;
use crate::course::{Course, Fault, HEALED, Illness, Ills};
use crate::history::{self, Begin, World};
use crate::net::{Host, Power};
use crate::trace::Trace;

const INSTANCES: [Host; 2] = ["control-1", "control-2"];
const HOLDERS: [Host; 3] = ["holder-1", "holder-2", "holder-3"];
/// Not a host: what both instances write to.
const DATABASE: Host = "database";
/// How long all is watched after the last fault.
const WATCHED: Duration = Duration::from_secs(3);
/// How long after the last fault everybody has had the lock: a lease of the dead, and everybody's turn.
const ALL_HAD_IT: Duration = Duration::from_secs(25);

const ONE: &str = "one guard at most says that it holds the lock";
const HAD: &str = "everybody gets the lock again";

/// What is planted here, each with the invariant that it breaks.
pub(crate) const BUGS: [(&str, &str); 6] = [
    ("all who ask are granted it", ONE),
    ("tokens begin anew", holder::GROW),
    ("leases end early", holder::STANDS),
    ("the resource has no fence", resource::RESTS),
    ("nobody lets go", HAD),
    (history::ENDLESS, history::ENDS),
];

/// What must have been seen in some of many histories.
pub(crate) const SEEN: [&str; 5] = [
    holder::LOST,
    holder::RENEWED,
    resource::REFUSED,
    resource::LATE,
    desk::RAN_OUT,
];

struct Guards {
    trace: Trace,
    ills: Ills,
    desk: Desk,
    holders: Vec<Holder>,
    promoted: bool,
}

/// Sets up a world.
pub(crate) fn begin(begin: Begin<'_>) -> (Box<dyn World>, Course) {
    let Begin {
        hosts,
        chance,
        trace,
        ills,
        bug,
    } = begin;
    let bug: &'static str = BUGS
        .iter()
        .find(|(name, _)| *name == bug)
        .map_or("", |it| it.0);
    let desk = Desk::new(trace.clone(), bug);
    for name in INSTANCES {
        let desk = desk.clone();
        hosts.add(name, move || desk.clone().run(name));
    }
    let resource = Resource::new(trace.clone(), bug);
    let ttl = Duration::from_millis(chance.random_range(2_000..4_000));
    let tokens = Arc::default();
    let holders = HOLDERS.map(|name| Holder {
        name,
        ttl,
        desk: desk.clone(),
        resource: resource.clone(),
        trace: trace.clone(),
        tokens: Arc::clone(&tokens),
        state: Arc::default(),
        bug,
    });
    for holder in &holders {
        let holder = holder.clone();
        hosts.add(holder.name, move || holder.clone().run());
    }
    let course = Course::draw(chance, draw);
    let guards = Guards {
        trace,
        ills,
        desk,
        holders: holders.to_vec(),
        promoted: false,
    };
    (Box::new(guards), course)
}

fn draw(chance: &mut SmallRng) -> Fault {
    let mut one = |of: &[Host]| *of.choose(chance).expect("there is one");
    let (instance, holder) = (one(&INSTANCES), one(&HOLDERS));
    let left = *[Power::Dead, Power::Off].choose(chance).expect("it is");
    match chance.random_range(0..9) {
        0 => Fault::Crash(instance, left),
        1 => Fault::Crash(holder, left),
        2 => Fault::Cut(instance, holder),
        3 => Fault::CutOneWay(instance, holder),
        4 => Fault::CutOneWay(holder, instance),
        5 | 6 => Fault::Pause(holder),
        7 => Fault::Ill(DATABASE, Illness::Promoted),
        _ => Fault::Lossy,
    }
}

impl World for Guards {
    fn look(&mut self) {
        let promoted = self.ills.of(DATABASE) == Some(Illness::Promoted);
        if promoted && !self.promoted {
            self.desk.promote();
        }
        self.promoted = promoted;
        let believes = self.holders.iter().filter(|holder| holder.believes());
        let names: Vec<&str> = believes.map(|holder| holder.name).collect();
        self.trace.check(ONE, names.len() <= 1, names.join(", "));
    }

    fn is_over(&mut self) -> bool {
        let since = clock::now().saturating_sub(HEALED);
        let waits = self.holders.iter().filter(|it| !it.had_it_since(HEALED));
        let waits: Vec<&str> = waits.map(|holder| holder.name).collect();
        if since > ALL_HAD_IT {
            self.trace.check(HAD, waits.is_empty(), waits.join(", "));
        }
        since > WATCHED && waits.is_empty()
    }
}
