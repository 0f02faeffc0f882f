//! The gateway over real HTTP, before neighbours that answer what a test tells them to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod bad_input;
mod bad_routes;
mod bad_tokens;
mod description;
mod events;
mod fake;
mod fallback;
mod front;
mod limits;
mod outcomes;
mod pages;
mod placing;
mod probes;
mod proxied;
mod rules;
mod scaling;
mod shapes;
mod tls;
mod versions;
