//! Locks, asked for as services do, on a real database.

#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

mod bench;
mod fence;
mod guard;
mod house;
mod locks;
