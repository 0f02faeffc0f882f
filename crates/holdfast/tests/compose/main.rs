//! The shop in containers, broken one by one: `make test-compose`.
#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

mod apart;
mod config;
mod engine;
mod faults;
mod ledger;
mod left;
mod project;
mod sandbox;
mod shop;
mod size;
mod strike;
