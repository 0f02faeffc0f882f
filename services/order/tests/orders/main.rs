//! Orders against a real database and a wallet that may fail, spoken to as the gateway does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod books;
mod cancelling;
mod crashes;
mod groups;
mod house;
mod keys;
mod moving;
mod outbox;
mod placing;
mod plans;
mod refunding;
mod sagas;
mod unknown;
mod user;
mod watching;
mod wish;
