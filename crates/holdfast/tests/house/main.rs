//! The rules of the house, checked like anything else: floors, rooms, tables, dependencies, contract, settings, containers.
#![cfg(test)]

mod compose;
mod contract;
mod dependencies;
mod floors;
mod passed_over;
mod proto;
mod queries;
mod rooms;
mod settings;
mod tables;
mod tree;
mod walk;

/// Whether what is compared with the tree is to be written to it: `make record`.
#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
fn recording() -> bool {
    std::env::var("HOLDFAST_RECORD").is_ok()
}
