//! What happened: logs, traces, metrics, propagation.

#[cfg(feature = "collector")]
pub mod collector;
mod export;
mod init;
mod logs;
mod prometheus;
mod propagation;
mod span;

pub use init::{Guard, Settings, init, is_filter};
pub use logs::Format;
pub use prometheus::{metrics, upkeep};
pub use propagation::{extract, inject, trace_id};
pub use span::{failed, http_server, rpc_client, rpc_server};
