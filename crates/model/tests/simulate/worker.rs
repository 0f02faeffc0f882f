//! Runs histories, each in a process of its own: nothing that another one left behind can change it.

use std::env;
use std::ops::Range;
use std::panic;
use std::process::{self, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crate::history;

/// Where a process finds which history is its own: world, seed and bug.
const HISTORY: &str = "HOLDFAST_HISTORY";
/// What a history begins with, after whatever the test harness says.
const BEGINS: &str = "-- a history --\n";

/// A task panicked, or the process came to its end in another way.
pub(crate) const DIED: &str = "nobody panics";

/// What a history told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) seed: u64,
    pub(crate) text: String,
}

impl Told {
    /// The invariant that broke.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.text
            .lines()
            .find_map(|line| line.strip_prefix("broken: "))
    }

    /// What was worth to be seen.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines();
        lines.filter_map(|line| line.strip_prefix("seen: "))
    }
}

/// Runs the history that this process was made for, and ends it.
#[allow(clippy::print_stdout, reason = "this is how it is told")]
pub(crate) fn run() {
    let asked = asked(HISTORY);
    if asked.is_empty() {
        return;
    }
    let mut parts = asked.splitn(3, '|');
    let mut part = || parts.next().unwrap_or_default();
    let (world, seed, bug) = (part(), part(), part());
    let said = panic::take_hook();
    // Tokio would go on without the task.
    panic::set_hook(Box::new(move |info| {
        said(info);
        process::exit(1);
    }));
    let trace = history::run(world, seed.parse().expect("a seed is a number"), bug);
    print!("\n{BEGINS}{}", trace.told());
    process::exit(0);
}

/// Runs one history.
pub(crate) fn one(world: &str, seed: u64, bug: &str) -> Told {
    let program = env::current_exe().expect("this process has a program");
    let args = [
        "history",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ];
    let history = format!("{world}|{seed}|{bug}");
    let ran = Command::new(program)
        .args(args)
        .env(HISTORY, history)
        .output();
    let ran = ran.expect("a program that runs can be run");
    let said = String::from_utf8_lossy(&ran.stdout);
    let text = said.split_once(BEGINS).map(|(_, text)| text.to_owned());
    let died = || {
        format!(
            "broken: {DIED}\n{said}\n{}",
            String::from_utf8_lossy(&ran.stderr)
        )
    };
    let text = text.unwrap_or_else(died);
    let mut again = format!("make simulate WORLD={world} SEED={seed}");
    if !bug.is_empty() {
        again = format!("{again} BUG='{bug}'");
    }
    let text = format!("The world of {world}, seed {seed}. To see it again: {again}\n{text}");
    Told { seed, text }
}

/// Runs many, as many at a time as there are cores.
pub(crate) fn all(world: &str, seeds: Range<u64>, bug: &str) -> Vec<Told> {
    let told = Mutex::new(Vec::new());
    each(seeds, |seed| {
        let history = one(world, seed, bug);
        told.lock().expect("nobody panics here").push(history);
        true
    });
    told.into_inner().expect("nobody panics here")
}

/// Runs many until one is as it is wanted.
pub(crate) fn until(
    world: &str,
    seeds: Range<u64>,
    bug: &str,
    wanted: impl Fn(&Told) -> bool + Sync,
) -> Option<Told> {
    let found = Mutex::new(None);
    each(seeds, |seed| {
        let told = one(world, seed, bug);
        let is = wanted(&told);
        if is {
            *found.lock().expect("nobody panics here") = Some(told);
        }
        !is
    });
    found.into_inner().expect("nobody panics here")
}

/// Does `work` with each seed, until it says no.
fn each(seeds: Range<u64>, work: impl Fn(u64) -> bool + Sync) {
    let (next, end) = (AtomicU64::new(seeds.start), AtomicU64::new(seeds.end));
    let cores = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end.load(Ordering::Relaxed) {
                        return;
                    }
                    if !work(seed) {
                        end.store(0, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

/// Tells the history of `SEED` in full, or goes through `HISTORIES` of them from a seed by chance and tells those that break.
#[allow(clippy::print_stdout, reason = "this is what it is for")]
pub(crate) fn simulate(worlds: &[&str]) {
    let (bug, world) = (asked("BUG"), asked("WORLD"));
    let many = asked("HISTORIES").parse().unwrap_or(1_000);
    let mut broken = 0;
    for world in worlds.iter().filter(|it| world.is_empty() || world == **it) {
        if let Ok(seed) = asked("SEED").parse() {
            let told = one(world, seed, &bug);
            println!("{}", told.text);
            broken += usize::from(told.broken().is_some());
        } else {
            broken += go_through(world, many, &bug);
        }
    }
    assert_eq!(broken, 0, "invariants broke");
}

/// Goes through `many` histories; answers how many broke.
#[allow(clippy::print_stdout, reason = "this is what it is for")]
fn go_through(world: &str, many: u64, bug: &str) -> usize {
    let first = rand::random_range(0..1_000_000_000_u64);
    println!("{world}: seeds {first} to {}", first + many - 1);
    let begun = Instant::now();
    let told = all(world, first..first + many, bug);
    let took = begun.elapsed();
    let found: Vec<&Told> = told.iter().filter(|told| told.broken().is_some()).collect();
    if let Some(told) = found.first() {
        println!("{}", told.text);
    }
    for told in &found {
        let (seed, what) = (told.seed, told.broken().unwrap_or_default());
        println!("BROKEN: {what}: make simulate WORLD={world} SEED={seed}");
    }
    let rate = u128::from(many) * 60_000 / took.as_millis().max(1);
    println!(
        "{many} histories in {took:.1?}, {rate} a minute; {} broken",
        found.len()
    );
    found.len()
}

/// What somebody said in the environment.
#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
fn asked(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
