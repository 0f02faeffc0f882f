//! The front door: TLS, tokens, limits, JSON, OpenAPI.
//!
//! A request's way: [`serve`] takes it off the wire, [`context`] surrounds it, [`rule`] lets it in, a handler reads, asks and
//! answers, [`ask`] carries the question to a service, [`refusal`] says what a refusal means.

mod admin;
mod ask;
mod body;
mod carts;
mod client;
mod code;
mod config;
mod context;
mod fallback;
mod follow;
mod id;
mod idle;
mod key;
mod limits;
mod live;
mod me;
mod money;
mod news;
mod openapi;
mod orders;
mod page;
mod pages;
mod plain;
mod priority;
mod problem;
mod products;
mod proxied;
mod refusal;
mod router;
mod rule;
mod serve;
mod service;
mod sessions;
mod shape;
mod state;
mod switches;
mod version;
mod way;

pub use code::Code;
pub use openapi::document;
pub use rule::Rule;
pub use service::Gateway;
