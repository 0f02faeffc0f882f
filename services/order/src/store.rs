//! What is kept, and the only place that speaks SQL.

mod answers;
pub mod baskets;
pub mod cancel;
pub mod carts;
pub mod keys;
pub mod moves;
pub mod orders;
pub mod outbox;
pub mod place;
pub mod products;
pub mod refunds;
pub mod restocks;
pub mod settle;
pub mod shelf;
pub mod stock;

use api::id::ORDER;
use db::audit;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use uuid::Uuid;

use crate::domain::order::Order;

/// The schema of this service's database, file by file.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/order");

/// What `actor` did to an order, for the audit.
fn act(actor: Uuid, action: &'static str, before: &Order, after: &Order) -> audit::New {
    audit::New {
        id: Uuid::now_v7(),
        actor,
        action,
        subject: ORDER.write(before.id),
        before: Some(stand(before)),
        after: Some(stand(after)),
    }
}

/// What of an order its moves change.
fn stand(order: &Order) -> Value {
    json!({ "status": order.status.word(), "version": order.version })
}
