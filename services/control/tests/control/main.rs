//! The control service, spoken to as its clients do, on a real database.

#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

mod backups;
mod faults;
mod house;
mod plans;
mod registry;
mod resources;
mod scaling;
mod shop;
