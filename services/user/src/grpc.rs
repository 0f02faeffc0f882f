//! The wire: every RPC reads, carries out, writes.

mod account;
mod addresses;
mod auth;
mod money;
mod notifications;
mod users;
mod wallet;

use std::sync::Arc;

use tonic::service::{Routes, RoutesBuilder};

use crate::Tools;

/// All that this service answers.
pub fn routes(tools: &Arc<Tools>) -> Routes {
    let mut routes = RoutesBuilder::default();
    routes
        .add_service(auth::service(tools))
        .add_service(users::service(tools))
        .add_service(wallet::service(tools));
    routes.routes()
}
