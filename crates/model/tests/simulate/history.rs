//! One history: a world, a course of faults, and invariants that are looked at in every step.

use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use crate::course::{Course, Ills};
use crate::hosts::Hosts;
use crate::trace::Trace;
use crate::{calls, chance, clock, locks, net};

/// No history lasts for longer.
const LONGEST: Duration = Duration::from_mins(5);
pub(crate) const ENDS: &str = "every history ends";
/// What is planted here.
pub(crate) const ENDLESS: &str = "nothing ends it";

/// Hosts, and what is to hold of them.
pub(crate) trait World {
    /// Looks whether everything is as it must be at this moment.
    fn look(&mut self);

    /// Whether there is nothing more to wait for; at the end it looks at what can only be told then.
    fn is_over(&mut self) -> bool;
}

/// What every world gets to begin with.
pub(crate) struct Begin<'a> {
    /// The hosts, none yet.
    pub(crate) hosts: &'a mut Hosts,
    /// The chance of this history.
    pub(crate) chance: &'a mut SmallRng,
    /// Where to write.
    pub(crate) trace: Trace,
    /// What hosts suffer from.
    pub(crate) ills: Ills,
    /// What is done wrong, by name.
    pub(crate) bug: &'a str,
}

/// Runs the history of the world called `world` that `seed` tells, and says what happened.
pub(crate) fn run(world: &str, seed: u64, bug: &str) -> Trace {
    chance::begin(seed);
    clock::begin();
    let mut chance = SmallRng::seed_from_u64(seed);
    let mut hosts = Hosts::default();
    let (trace, ills) = (Trace::default(), Ills::default());
    let begin = Begin {
        hosts: &mut hosts,
        chance: &mut chance,
        trace: trace.clone(),
        ills: ills.clone(),
        bug,
    };
    let (mut world, mut course): (Box<dyn World>, Course) = match world {
        "calls" => calls::begin(begin),
        _ => locks::begin(begin),
    };
    while trace.is_broken().is_none() && (bug == ENDLESS || !world.is_over()) {
        course.step(&mut hosts, &ills, &trace);
        hosts.step(course.next());
        world.look();
        trace.check(ENDS, clock::now() < LONGEST, "it does not");
    }
    trace.tell(net::digest());
    // What is left of it would end as if it had been killed, and write that down.
    std::mem::forget(hosts);
    trace
}
