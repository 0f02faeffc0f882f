//! Accounts, spoken to as clients do, on a real database.

#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

mod addresses;
mod administration;
mod closing;
mod house;
mod keys;
mod lockouts;
mod passwords;
mod privacy;
mod profiles;
mod pruning;
mod registering;
mod revocations;
mod seeding;
mod sessions;
mod signing_in;
