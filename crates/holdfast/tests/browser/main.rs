//! The shop in a real browser: Chromium by its driver, headless. Run by `make test-browser`.
#![cfg(test)]

mod barriers;
mod browser;
mod figures;
mod office;
#[allow(dead_code, reason = "the other tests of the whole shop use more of it")]
#[path = "../promises/open.rs"]
mod open;
#[allow(dead_code, reason = "the other tests of the whole shop use more of it")]
#[path = "../promises/people.rs"]
mod people;
mod purchase;
mod shown;
