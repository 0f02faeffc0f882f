//! Goes through all states of a model, and says what was found and how long it took.

use std::fmt::{Debug, Display, Formatter};
use std::hash::Hash;
use std::time::{Duration, Instant};

use stateright::{Checker as _, Expectation, HasDiscoveries, Model};

/// What was found in a model.
#[derive(Debug)]
pub struct Checked {
    /// Different states.
    pub states: usize,
    /// Moves on the longest of the shortest ways to a state.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// Invariants that break, each with the way to it.
    pub broken: Vec<(&'static str, String)>,
    /// What should be possible, and is not.
    pub unreached: Vec<&'static str>,
}

/// Goes through every state of `model`.
pub fn all<M>(model: M) -> Checked
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Debug + Clone + PartialEq + Send + Sync + 'static,
    M::Action: Debug + Clone + PartialEq + Send + Sync + 'static,
{
    check(model, HasDiscoveries::All)
}

/// Goes through the states of `model`, the nearest first, until an invariant breaks.
pub fn until_broken<M>(model: M) -> Checked
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Debug + Clone + PartialEq + Send + Sync + 'static,
    M::Action: Debug + Clone + PartialEq + Send + Sync + 'static,
{
    check(model, HasDiscoveries::AnyFailures)
}

fn check<M>(model: M, end: HasDiscoveries) -> Checked
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Debug + Clone + PartialEq + Send + Sync + 'static,
    M::Action: Debug + Clone + PartialEq + Send + Sync + 'static,
{
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let properties = model.properties();
    let checker = model.checker().finish_when(end).threads(threads);
    let checker = checker.spawn_bfs().join();
    let found = checker.discoveries();
    let (mut broken, mut unreached) = (Vec::new(), Vec::new());
    for property in properties {
        match (property.expectation, found.get(property.name)) {
            (Expectation::Sometimes, None) => unreached.push(property.name),
            (Expectation::Always | Expectation::Eventually, Some(path)) => {
                broken.push((property.name, path.to_string()));
            }
            _ => {}
        }
    }
    Checked {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: begun.elapsed(),
        broken,
        unreached,
    }
}

impl Checked {
    /// The way to the state in which `invariant` breaks.
    pub fn way(&self, invariant: &str) -> Option<&str> {
        let found = self.broken.iter().find(|(name, _)| *name == invariant);
        found.map(|(_, way)| way.as_str())
    }
}

impl Display for Checked {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (states, depth, took) = (self.states, self.depth, self.took.as_secs_f64());
        write!(f, "{states} states, {depth} deep, {took:.1} s")?;
        for (name, way) in &self.broken {
            write!(f, "\nbroken: {name}\n{way}")?;
        }
        for name in &self.unreached {
            write!(f, "\nnever reached: {name}")?;
        }
        Ok(())
    }
}
