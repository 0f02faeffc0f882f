//! The wire: every RPC reads, carries out, writes.

mod carts;
mod catalog;
mod inventory;
mod order;
mod orders;
mod saga_admin;

use std::sync::Arc;

use api::common::{Idempotency, Money};
use api::error;
use api::id::{ACCOUNT, Kind};
use tonic::Status;
use tonic::service::{Routes, RoutesBuilder};
use uuid::Uuid;

use crate::Tools;
use crate::domain::Invalid;
use crate::domain::key::Key;
use crate::error::Error;

/// All that this service answers.
pub(crate) fn routes(tools: &Arc<Tools>) -> Routes {
    let mut routes = RoutesBuilder::default();
    routes
        .add_service(catalog::service(tools))
        .add_service(inventory::service(tools))
        .add_service(carts::service(tools))
        .add_service(orders::service(tools))
        .add_service(saga_admin::service(tools));
    routes.routes()
}

fn read_id(kind: Kind, field: &str, text: &str) -> Result<Uuid, Status> {
    let read = kind.read(text);
    read.map_err(|bad| error::invalid(field, bad.to_string()))
}

fn read_optional_id(kind: Kind, field: &str, text: &str) -> Result<Option<Uuid>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    read_id(kind, field, text).map(Some)
}

fn read_amount(currency: &str, field: &'static str, money: &Money) -> Result<i64, Invalid> {
    if money.currency != currency {
        let field = format!("{field}.currency");
        return Err(Invalid::new(field, "the shop's one currency"));
    }
    Ok(money.amount)
}

fn read_key(idempotency: Option<Idempotency>) -> Result<Key, Status> {
    let missing = || error::invalid("idempotency", "required");
    let given = idempotency.ok_or_else(missing)?;
    let account = read_id(ACCOUNT, "idempotency.account_id", &given.account_id)?;
    let key = Key::new(account, given.route, given.key, given.request_hash);
    Ok(key.map_err(Error::from)?)
}

fn write_money(currency: &str, amount: i64) -> Money {
    let currency = currency.to_owned();
    Money { amount, currency }
}
