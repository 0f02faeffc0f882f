//! The hosts of a history: each a runtime of its own that runs, stands still, or is dead.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use rand::seq::SliceRandom as _;
use tokio::runtime::{Builder, Runtime};

use crate::clock;
use crate::net::{self, Host, Power};

type Software = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>>>;

/// All hosts, and the time that they share.
#[derive(Default)]
pub(crate) struct Hosts(Vec<Machine>);

struct Machine {
    name: Host,
    software: Software,
    runtime: Option<Runtime>,
    /// When it wants to go on.
    wakes: Option<Duration>,
    /// How often it was made to stand still.
    paused: u32,
}

impl Hosts {
    /// A host called `name` that lives by `software`, each time that it is started.
    pub(crate) fn add<F>(&mut self, name: Host, software: impl Fn() -> F + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.push(Machine {
            name,
            software: Box::new(move || Box::pin(software())),
            runtime: None,
            wakes: None,
            paused: 0,
        });
        self.start(name);
    }

    /// Starts `name`, unless it runs.
    pub(crate) fn start(&mut self, name: Host) {
        let machine = self.of(name);
        if machine.runtime.is_none() {
            net::power(name, Power::On);
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime needs but two descriptors");
            runtime.spawn((machine.software)());
            machine.runtime = Some(runtime);
            machine.wakes = Some(clock::now());
        }
    }

    /// Ends `name`, as it stands; `left` says what others hear of it.
    pub(crate) fn end(&mut self, name: Host, left: Power) {
        net::power(name, left);
        let machine = self.of(name);
        machine.wakes = None;
        drop(machine.runtime.take());
    }

    /// Makes `name` stand still: all but its kernel.
    pub(crate) fn pause(&mut self, name: Host) {
        self.of(name).paused += 1;
    }

    /// Ends one [`Hosts::pause`].
    pub(crate) fn resume(&mut self, name: Host) {
        let machine = self.of(name);
        machine.paused = machine.paused.saturating_sub(1);
    }

    /// Goes on to the next moment at which something happens, at the latest to `until`.
    pub(crate) fn step(&mut self, until: Duration) {
        let wakes = self.0.iter().filter_map(Machine::wakes);
        let next = wakes.chain(net::next()).fold(until, Duration::min);
        clock::set(next.max(clock::now()));
        let now = clock::now();
        for name in net::deliver() {
            let machine = self.of(name);
            if machine.runtime.is_some() {
                machine.wakes = Some(now);
            }
        }
        let due = |machine: &&mut Machine| machine.wakes().is_some_and(|wakes| wakes <= now);
        let mut due: Vec<&mut Machine> = self.0.iter_mut().filter(due).collect();
        due.shuffle(&mut rand::rng());
        due.into_iter().for_each(Machine::run);
    }

    fn of(&mut self, name: Host) -> &mut Machine {
        let found = self.0.iter_mut().find(|machine| machine.name == name);
        found.expect("hosts are called by their names")
    }
}

impl Machine {
    fn wakes(&self) -> Option<Duration> {
        self.wakes.filter(|_| self.paused == 0)
    }

    fn run(&mut self) {
        self.wakes = self.runtime.as_ref().and_then(clock::run);
    }
}
