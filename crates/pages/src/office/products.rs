//! `/admin/products`: what is for sale, for how much, and how much of it there is.

mod form;

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use self::form::Wanted;
use super::deed::{Deed, Stale, path_of, refusal};
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, Staff, audit, done, listed, stock};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::seen::Product;
use crate::trouble::Trouble;
use crate::visit::Visitor;

pub(super) const PATH: &str = "/admin/products";
const BY: [&str; 3] = ["q", "category", "sort"];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/products/new", get(blank).post(create))
        .route("/admin/products/{id}", get(show))
        .route("/admin/products/{id}/change", get(ask).post(change))
        .route("/admin/products/{id}/sell", get(ask_sell).post(sell))
        .route(
            "/admin/products/{id}/withdraw",
            get(ask_withdraw).post(withdraw),
        )
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

async fn blank(Admin(visitor): Admin) -> Response {
    asked_new(&visitor, &Filling::of(Typed::of([("currency", "USD")])))
}

fn asked_new(visitor: &Visitor, filling: &Filling) -> Response {
    let o = visitor.locale().office();
    let frame = visitor.frame(o.add_product);
    let fields = form::fields(filling, &frame);
    Deed::of(frame, PATH, o.add_product)
        .says(o.product_new_says)
        .fields(fields)
        .with("currency", filling.value("currency"))
        .refused(filling, None)
        .shown(visitor)
}

async fn create(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let made = async {
        let body = Wanted::read(&typed)?.body();
        let asking = visitor.ask(Method::POST, "/v1/admin/products");
        asking.json(&body).hear::<Product>().await
    };
    match made.await {
        Ok(made) => Ok(done(&path_of(PATH, &made.id), "product_added", &made.id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            Ok(asked_new(&visitor, &filling))
        }
    }
}

async fn ask(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked(&visitor, &id, None).await
}

/// Draws the form, with what there is or with what was typed.
async fn asked(visitor: &Visitor, id: &str, kept: Option<Filling>) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let filling = kept.unwrap_or_else(|| Filling::of(form::typed_of(&one)));
    let o = visitor.locale().office();
    let frame = visitor.frame(o.change_this.replace("{}", &one.name));
    let now = Wanted::of(&one).said(&frame);
    let stale = Stale::of(visitor, &filling, "order", &one.id, now).await;
    let fields = form::fields(&filling, &frame);
    Ok(Deed::of(frame, path_of(PATH, id), o.look_over)
        .says(o.product_says)
        .fields(fields)
        .with("currency", &one.price.currency)
        .with("version", one.version)
        .refused(&filling, stale)
        .shown(visitor))
}

async fn change(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    if typed.get("step") == "edit" {
        return asked(&visitor, &id, Some(Filling::of(typed))).await;
    }
    let one = found(&visitor, &id).await?;
    let wanted = match Wanted::read(&typed) {
        Ok(wanted) => wanted,
        Err(Trouble(problem)) => {
            return asked(&visitor, &id, Some(Filling::refused(typed, *problem))).await;
        }
    };
    let version = typed.number("version").unwrap_or(0);
    if typed.get("step") != "do" && version == one.version {
        return looked_over(&visitor, &one, typed, &wanted).await;
    }
    match changed(&visitor, &id, version, &wanted.body()).await {
        Ok(()) => Ok(done(&path_of(PATH, &id), "product", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked(&visitor, &id, Some(filling)).await
        }
    }
}

async fn changed(
    visitor: &Visitor,
    id: &str,
    version: i64,
    body: &serde_json::Value,
) -> Result<(), Trouble> {
    let asking = visitor.ask(Method::PATCH, path_of("/v1/admin/products", id));
    asking.version(version).json(body).done().await
}

/// Says once more what was typed, as what it changes.
async fn looked_over(
    visitor: &Visitor,
    one: &Product,
    typed: Typed,
    wanted: &Wanted,
) -> Result<Response, Trouble> {
    let o = visitor.locale().office();
    let frame = visitor.frame(o.change_this.replace("{}", &one.name));
    let changes = wanted.changes(&Wanted::of(one), &frame);
    if changes.is_empty() {
        let same = Problem::new(400, "nothing_changed");
        return asked(visitor, &one.id, Some(Filling::refused(typed, same))).await;
    }
    let deed = Deed::of(frame, path_of(PATH, &one.id), o.make_change).says(o.product_sure);
    Ok(deed.looked_over(&typed, changes).shown(visitor))
}

async fn ask_sell(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_sale(&visitor, &id, true, &Filling::default()).await
}

async fn ask_withdraw(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_sale(&visitor, &id, false, &Filling::default()).await
}

async fn asked_sale(
    visitor: &Visitor,
    id: &str,
    active: bool,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let o = visitor.locale().office();
    let now = vec![(o.state.to_owned(), o.word(state(&one)).to_owned())];
    let stale = Stale::of(visitor, filling, "order", &one.id, now).await;
    let (title, says, button) = if active {
        (o.sell_this, o.sell_says, o.sell)
    } else {
        (o.withdraw_this, o.withdraw_says, o.withdraw)
    };
    let frame = visitor.frame(title.replace("{}", &one.name));
    Ok(Deed::of(frame, path_of(PATH, id), button)
        .says(says)
        .with("version", one.version)
        .refused(filling, stale)
        .shown(visitor))
}

async fn sell(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    put(&visitor, &id, typed, true).await
}

async fn withdraw(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    put(&visitor, &id, typed, false).await
}

async fn put(visitor: &Visitor, id: &str, typed: Typed, active: bool) -> Result<Response, Trouble> {
    let version = typed.number("version").unwrap_or(0);
    match changed(visitor, id, version, &json!({ "active": active })).await {
        Ok(()) if active => Ok(done(&path_of(PATH, id), "sold", id)),
        Ok(()) => Ok(done(&path_of(PATH, id), "withdrawn", id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_sale(visitor, id, active, &filling).await
        }
    }
}
