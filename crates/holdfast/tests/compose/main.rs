//! The shop in containers, broken one by one: `make test-compose`.
#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

mod apart;
mod config;
mod drill;
mod faults;
mod ledger;
mod left;
mod sandbox;
mod size;
mod strike;

use holdfast::compose::Place;

/// Apart from a shop that may run here already.
const PLACE: Place = Place {
    project: "holdfast-test",
    subnet: "10.214",
};
