//! The catalogue, its stock and its carts, spoken to as clients do, on a real database and a real Redis.

#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

mod caching;
mod carts;
mod lists;
mod plans;
mod products;
mod search;
mod seeding;
mod shop;
mod stock;
