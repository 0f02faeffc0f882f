//! Real neighbours as processes: Postgres, Patroni, etcd, HAProxy, Redis, the services themselves.
//!
//! Everything started here listens on the loopback only, keeps its data in a folder of its own, and ends with the
//! process that started it, also when that process is killed.

mod account;
mod backup;
mod cluster;
mod error;
mod etcd;
mod folder;
mod haproxy;
mod patroni;
mod port;
mod postgres;
mod process;
mod program;
mod reaper;
mod redis;
mod supervisor;
mod tls;
mod tree;
mod watchdog;
mod wire;

pub use self::backup::{Archive, Backup, Backups, Extent, PUSHED_AFTER, Restored, Until};
pub use self::redis::{Redis, RedisHa, RedisPlan, RedisServer, Sentinel, Standing, View};
pub use cluster::{Cluster, Member, Plan};
pub use error::Error;
pub use etcd::Etcd;
pub use folder::Folder;
pub use haproxy::{Front, HaProxy};
pub use patroni::{Node, Part, Timings, agreed};
pub use port::free_port;
pub use postgres::{Options, Postgres, Server};
pub use process::{Launch, Process};
pub use program::installed;
pub use supervisor::{Supervisor, Ward};
pub use tls::Tls;
pub use wire::{Fate, Way, Wire};
