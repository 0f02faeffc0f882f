//! Balancer, retry, discovery and lock guard over a simulated network and clock: histories that a seed tells, and repeats.

mod calls;
mod chance;
mod clock;
mod course;
mod history;
mod hosts;
mod locks;
mod net;
mod trace;
mod wire;
mod worker;

use std::collections::BTreeSet;

use self::worker::Told;

/// Histories of each world that `cargo test` goes through.
const SHORT: u64 = 150;
/// A planted bug is found within so many.
const PATIENCE: u64 = 60;

/// Histories that broke once: calls that waited for a first list beyond their deadline, and one that went on after a long sleep.
const BROKE: [(&str, u64); 3] = [
    ("calls", 235_703_008),
    ("calls", 235_705_583),
    ("calls", 235_706_648),
];

/// Both worlds, with what must be seen in them.
const WORLDS: [(&str, &[&str]); 2] = [("calls", &calls::SEEN), ("locks", &locks::SEEN)];

#[test]
fn every_history_holds_and_what_should_happen_does() {
    for (world, wanted) in WORLDS {
        let told = worker::all(world, 0..SHORT, "");

        let broken = told.iter().find(|told| told.broken().is_some());
        assert!(broken.is_none(), "\n{}", broken.map_or("", |it| &it.text));
        let seen: BTreeSet<&str> = told.iter().flat_map(Told::seen).collect();
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        assert_eq!(seen, wanted);
    }
}

#[test]
fn histories_that_broke_once_hold() {
    for (world, seed) in BROKE {
        let told = worker::one(world, seed, "");

        assert_eq!(told.broken(), None, "\n{}", told.text);
    }
}

#[test]
fn a_seed_tells_the_same_history_again() {
    for (world, _) in WORLDS {
        for seed in 0..3 {
            let [one, other] = [(); 2].map(|()| worker::one(world, seed, ""));

            assert!(one.text.contains(" messages, digest "), "{}", one.text);
            assert_eq!(one.text, other.text);
        }
    }
}

#[test]
fn what_is_planted_is_found_and_told_with_the_way_to_see_it_again() {
    for (world, bugs) in [("calls", &calls::BUGS[..]), ("locks", &locks::BUGS[..])] {
        for (bug, invariant) in bugs {
            let found = worker::until(world, 0..PATIENCE, bug, |told| {
                told.broken() == Some(invariant)
            });

            let found = found.unwrap_or_else(|| panic!("{world}, {bug}: {invariant}"));
            let again = format!("make simulate WORLD={world} SEED={} BUG=", found.seed);
            assert!(found.text.contains(&again), "{}", found.text);
        }
    }
}

/// `make simulate`: the history of one seed, or many.
#[test]
#[ignore = "as many as one likes: make simulate"]
fn simulate() {
    worker::simulate(&WORLDS.map(|(world, _)| world));
}

/// One history, in a process of its own.
#[test]
#[ignore = "others run it"]
fn history() {
    worker::run();
}
