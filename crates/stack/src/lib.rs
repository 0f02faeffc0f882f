//! Real neighbours as processes: Postgres, Redis, the services themselves.
//!
//! Everything started here listens on the loopback only, keeps its data in a folder of its own, and ends with the
//! process that started it, also when that process is killed.

mod account;
mod error;
mod folder;
mod port;
mod postgres;
mod process;
mod redis;
mod tree;
mod watchdog;

pub use error::Error;
pub use folder::Folder;
pub use port::free_port;
pub use postgres::{Options, Postgres, Server};
pub use process::{Launch, Process};
pub use redis::Redis;
