//! `/admin/products`: what is for sale, for how much, and how much of it there is.

mod change;
mod form;
mod sale;

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use super::deed::path_of;
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Asked, Staff, audit, listed, stock};
use crate::look::Frame;
use crate::shop::seen::Product;
use crate::trouble::Trouble;
use crate::visit::Visitor;

pub(super) const PATH: &str = "/admin/products";
const BY: [&str; 3] = ["q", "category", "sort"];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/products/{id}", get(show))
        .merge(change::routes())
        .merge(sale::routes())
}

async fn list(Staff(visitor): Staff, asked: Asked) -> Result<Response, Trouble> {
    let path = format!("/v1/admin/products?{}", asked.query(&BY));
    let (list, problem) = listed::<Product>(&visitor, path).await?;
    let frame = visitor.frame(visitor.locale().office().products);
    let (o, t) = (frame.o, frame.t);
    let rows = list.data.iter().map(|one| row(&frame, one)).collect();
    let columns = vec![o.product, o.sku, o.category, o.price, o.free_stock, o.state];
    let sorts = vec![
        ("", t.newest),
        ("name", t.by_name),
        ("price_asc", t.price_asc),
        ("price_desc", t.price_desc),
    ];
    let admin = frame.is_admin();
    Ok(Sheet::of(frame)
        .lead(o.products_lead)
        .problem(problem)
        .deed(admin, "/admin/products/new", o.add_product)
        .filters(vec![
            Filter::text("q", o.words, asked.get("q")),
            Filter::text("category", o.category, asked.get("category")),
            Filter::choice("sort", t.sort, asked.get("sort"), sorts),
        ])
        .table(Table::of(columns, rows, o.no_products).more(asked.next(PATH, &BY, &list)))
        .shown(&visitor))
}

fn row(frame: &Frame, one: &Product) -> Vec<Cell> {
    vec![
        Cell::link(path_of(PATH, &one.id), &one.name),
        Cell::code(&one.sku),
        Cell::plain(frame.category(&one.category)),
        Cell::number(frame.money(&one.price)),
        Cell::number(one.available),
        Cell::state(frame, state(one)),
    ]
}

fn state(one: &Product) -> &'static str {
    if one.active { "for_sale" } else { "withdrawn" }
}

/// The product of this id, also one that is not for sale.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn found(visitor: &Visitor, id: &str) -> Result<Product, Trouble> {
    visitor.get(path_of("/v1/products", id)).hear().await
}

async fn show(
    Staff(visitor): Staff,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let one = found(&visitor, &id).await?;
    let frame = visitor.frame(&one.name);
    let o = frame.o;
    let (stock, movements, history) = futures::join!(
        stock::of(&visitor, &one.id),
        stock::movements(&visitor, &frame, &one.id, &asked),
        audit::history(&visitor, &frame, "order", &one.id),
    );
    let stock = stock?;
    let facts = vec![
        (o.state, Cell::state(&frame, state(&one))),
        (o.price, Cell::number(frame.money(&one.price))),
        (o.free_stock, Cell::number(stock.free)),
        (o.held_stock, Cell::number(stock.held)),
        (o.sku, Cell::code(&one.sku)),
        (o.category, Cell::plain(frame.category(&one.category))),
        (o.number, Cell::code(&one.id)),
        (
            o.in_the_shop,
            Cell::link(path_of("/products", &one.id), o.see_in_shop),
        ),
        (o.changed, Cell::moment(&frame, &one.updated_at)),
    ];
    let (admin, at) = (frame.is_admin(), path_of(PATH, &one.id));
    Ok(Sheet::of(frame)
        .above(PATH, o.products)
        .deed(admin, format!("{at}/restock"), o.restock)
        .deed(admin, format!("{at}/change"), o.change)
        .deed(admin && one.active, format!("{at}/withdraw"), o.withdraw)
        .deed(admin && !one.active, format!("{at}/sell"), o.sell)
        .facts(facts)
        .text(&one.description)
        .table(movements?)
        .maybe(history)
        .shown(&visitor))
}

/// Changes what `body` names of a product, if `version` is still current.
///
/// # Errors
/// When it is not, or the API refuses the change.
async fn changed(visitor: &Visitor, id: &str, version: i64, body: &Value) -> Result<(), Trouble> {
    let asking = visitor.ask(Method::PATCH, path_of("/v1/admin/products", id));
    asking.version(version).json(body).done().await
}
