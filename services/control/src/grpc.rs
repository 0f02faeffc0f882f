//! The wire: every RPC reads, carries out, writes. Nothing is decided here.

pub mod resources;
