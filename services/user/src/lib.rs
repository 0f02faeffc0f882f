//! Accounts, credentials, sessions, signing keys, addresses, wallet, notifications.
//!
//! A sign-in's way: [`grpc`]`::auth` reads it, [`sign_in`] carries it out, [`store`] keeps the session.

pub mod address_book;
pub mod administer;
pub mod change_password;
pub mod charge;
pub mod close_account;
pub mod config;
pub mod domain;
pub mod error;
pub mod export_account;
pub mod follow;
mod grpc;
pub mod keyring;
mod migrate;
pub mod notify;
pub mod passwords;
pub mod profile;
pub mod prove;
pub mod prune;
pub mod refresh;
pub mod refund;
pub mod register;
pub mod seed;
pub mod service;
pub mod sign_in;
pub mod sign_out;
pub mod store;
pub mod tokens;
pub mod tools;
pub mod top_up;
pub mod vault;

pub use config::Config;
pub use error::Error;
pub use grpc::routes;
pub use service::Service;
pub use tools::Tools;
