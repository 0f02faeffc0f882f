//! The whole highly available shop, under a load of orders, while its parts fail: `make test-ha`, for it needs more packages
//! than the other tests do.
#![cfg(test)]

mod backups;
mod cut;
mod drill;
mod faults;
mod locks;
mod lost;
mod open;
mod overload;
mod parts;
mod redis;
mod registry;
mod rolling;
mod scaled;
mod shares;
mod short;
mod shown;
mod starts;
mod steady;
mod strike;
mod wanted_calls;
#[path = "../watched/mod.rs"]
mod watched;
