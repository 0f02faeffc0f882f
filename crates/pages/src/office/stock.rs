//! `/admin/products/{id}/restock`: how much is left of a product, how that came to be, and more of it.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::deed::{Deed, path_of, refusal};
use super::seen::{Movement, Stock};
use super::sheet::{Cell, Table};
use super::{Admin, Asked, brief, done, products};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::seen::List;
use crate::shop::{key_for, new_key};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new().route("/admin/products/{id}/restock", get(ask).post(restock))
}

fn at(product: &str) -> String {
    format!("{}/stock", path_of("/v1/admin/products", product))
}

/// The stock of a product.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn of(visitor: &Visitor, product: &str) -> Result<Stock, Trouble> {
    visitor.get(at(product)).hear().await
}

/// What changed the stock of a product, the last change first.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn movements(
    visitor: &Visitor,
    frame: &Frame,
    product: &str,
    asked: &Asked,
) -> Result<Table, Trouble> {
    let path = format!("{}/movements?{}", at(product), asked.query(&[]));
    let list: List<Movement> = visitor.get(path).hear().await?;
    let o = frame.o;
    let rows = list.data.iter().map(|one| {
        let order = one.order_id.as_deref();
        let sign = if one.quantity > 0 { "+" } else { "" };
        vec![
            Cell::moment(frame, &one.moved_at),
            Cell::plain(o.word(&one.kind)),
            Cell::number(format!("{sign}{}", one.quantity)),
            order.map_or(Cell::plain(""), |id| {
                Cell::link(path_of("/admin/orders", id), brief(id))
            }),
        ]
    });
    let columns = vec![o.when, o.kind, o.units, o.order];
    let table = Table::of(columns, rows.collect(), o.no_movements).under(o.movements);
    Ok(table.more(asked.next(&path_of(products::PATH, product), &[], &list)))
}

async fn ask(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked(&visitor, &id, &Filling::default()).await
}

async fn asked(visitor: &Visitor, id: &str, filling: &Filling) -> Result<Response, Trouble> {
    let (product, stock) = futures::join!(products::found(visitor, id), of(visitor, id));
    let (product, stock) = (product?, stock?);
    let o = visitor.locale().office();
    let frame = visitor.frame(o.restock_this.replace("{}", &product.name));
    let fields = vec![filling.field(&frame, "units", "number", "off", 7)];
    let key = key_for(&filling.typed, filling.problem.as_ref());
    Ok(Deed::of(frame, path_of(products::PATH, id), o.restock)
        .says(o.restock_says.replace("{}", &stock.free.to_string()))
        .fields(fields)
        .with("key", key)
        .refused(filling, None)
        .shown(visitor))
}

async fn restock(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    match added(&visitor, &id, &typed).await {
        Ok(()) => Ok(done(&path_of(products::PATH, &id), "restocked", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked(&visitor, &id, &filling).await
        }
    }
}

async fn added(visitor: &Visitor, id: &str, typed: &Typed) -> Result<(), Trouble> {
    let units = typed.number("units");
    let units = units.ok_or_else(|| Problem::new(400, "invalid").at("units"))?;
    let key = typed.some("key").map_or_else(new_key, str::to_owned);
    let asking = visitor
        .ask(Method::POST, format!("{}/restocks", at(id)))
        .key(&key);
    asking.json(&json!({ "quantity": units })).done().await
}
