//! `/admin/orders`: anybody's orders, moved on to the customer, cancelled, and given money back for.

mod deeds;

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;

use super::deed::path_of;
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Asked, Staff, audit, brief, listed};
use crate::look::Frame;
use crate::shop::query;
use crate::shop::seen::{List, Order};
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/orders";
const BY: [&str; 2] = ["status", "customer_id"];
const STATUSES: [&str; 7] = [
    "pending",
    "confirmed",
    "shipped",
    "delivered",
    "rejected",
    "cancelling",
    "cancelled",
];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/orders/{id}", get(show))
        .merge(deeds::routes())
}

async fn list(Staff(visitor): Staff, asked: Asked) -> Result<Response, Trouble> {
    let path = format!("/v1/admin/orders?{}", asked.query(&BY));
    let (list, problem) = listed::<Order>(&visitor, path).await?;
    let frame = visitor.frame(visitor.locale().office().orders);
    let o = frame.o;
    let table = table(&frame, &list).more(asked.next(PATH, &BY, &list));
    let statuses = STATUSES.map(|status| (status, frame.t.status(status)));
    let statuses = [("", o.all)].into_iter().chain(statuses).collect();
    Ok(Sheet::of(frame)
        .lead(o.orders_lead)
        .problem(problem)
        .filters(vec![
            Filter::choice("status", o.state, asked.get("status"), statuses),
            Filter::text("customer_id", o.customer, asked.get("customer_id")),
        ])
        .table(table)
        .shown(&visitor))
}

fn table(frame: &Frame, list: &List<Order>) -> Table {
    let o = frame.o;
    let rows = list.data.iter().map(|order| {
        vec![
            Cell::link(path_of(PATH, &order.id), brief(&order.id)),
            Cell::moment(frame, &order.created_at),
            customer(order),
            Cell::plain(order.names()),
            status(frame, order),
            Cell::number(frame.money(&order.total)),
        ]
    });
    let columns = vec![o.order, o.placed, o.customer, o.things, o.state, o.total];
    Table::of(columns, rows.collect(), o.no_orders)
}

fn customer(order: &Order) -> Cell {
    let id = order.customer_id.as_deref();
    id.map_or(Cell::plain(""), |id| {
        Cell::link(path_of("/admin/users", id), brief(id))
    })
}

fn status(frame: &Frame, order: &Order) -> Cell {
    Cell::State {
        class: order.status.clone(),
        word: frame.t.status(&order.status).to_owned(),
    }
}

/// The way to the work behind it.
fn sagas(frame: &Frame, order: &Order) -> Cell {
    let of = query(&[("order_id", Some(&*order.id))]);
    Cell::link(format!("/admin/sagas?{of}"), frame.o.its_sagas)
}

/// The order of this id, whoever it belongs to.
///
/// # Errors
/// When it cannot be read, or not by this visitor.
async fn found(visitor: &Visitor, id: &str) -> Result<Order, Trouble> {
    visitor.get(path_of("/v1/orders", id)).hear().await
}

async fn show(Staff(visitor): Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let order = found(&visitor, &id).await?;
    let o = visitor.locale().office();
    let frame = visitor.frame(format!("{} {}", o.order, brief(&order.id)));
    let reason = order
        .reason
        .as_deref()
        .map_or("", |reason| frame.t.reason(reason));
    let facts = vec![
        (o.state, status(&frame, &order)),
        (o.order, Cell::code(&order.id)),
        (o.customer, customer(&order)),
        (o.placed, Cell::moment(&frame, &order.created_at)),
        (o.reason, Cell::plain(reason)),
        (o.total, Cell::number(frame.money(&order.total))),
        (o.sagas, sagas(&frame, &order)),
    ];
    let lines = order.items.iter().map(|line| {
        vec![
            Cell::link(path_of("/admin/products", &line.product_id), &line.name),
            Cell::number(line.quantity),
            Cell::number(frame.money(&line.unit_price)),
            Cell::number(frame.money(line.sum())),
        ]
    });
    let columns = vec![o.product, o.quantity, o.price, o.total];
    let lines = Table::of(columns, lines.collect(), "").under(o.things);
    let history = audit::history(&visitor, &frame, "order", &order.id).await;
    let (at, is) = (path_of(PATH, &order.id), |status: &str| {
        order.status == status
    });
    let paid = ["confirmed", "shipped", "delivered"].contains(&&*order.status);
    Ok(Sheet::of(frame)
        .above(PATH, o.orders)
        .deed(is("confirmed"), format!("{at}/ship"), o.ship)
        .deed(is("shipped"), format!("{at}/deliver"), o.deliver)
        .deed(is("confirmed"), format!("{at}/cancel"), o.cancel)
        .deed(paid, format!("{at}/refund"), o.refund)
        .facts(facts)
        .table(lines)
        .maybe(history)
        .shown(&visitor))
}
