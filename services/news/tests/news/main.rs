//! The news service, spoken to as its clients do, on a real database and a real Redis.

#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

mod articles;
mod audit;
mod caching;
mod paging;
mod plans;
mod seeding;
mod shop;
