//! `/admin/sagas`: the work behind the orders.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;

use super::deed::{Deed, path_of, refusal};
use super::seen::Saga;
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, Staff, audit, brief, done, listed};
use crate::form::Sent;
use crate::look::Frame;
use crate::look::field::Filling;
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/sagas";
/// What a list is asked for.
const BY: [&str; 2] = ["open", "order_id"];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/sagas/{id}", get(show))
        .route("/admin/sagas/{id}/retry", get(ask).post(retry))
}

async fn list(Staff(visitor): Staff, asked: Asked) -> Result<Response, Trouble> {
    let path = format!("/v1/admin/sagas?{}", asked.query(&BY));
    let (list, problem) = listed::<Saga>(&visitor, path).await?;
    let frame = visitor.frame(visitor.locale().office().sagas);
    let o = frame.o;
    let rows = list.data.iter().map(|saga| row(&frame, saga)).collect();
    let columns = vec![o.saga, o.kind, o.order, o.state, o.claims, o.begun, o.ended];
    let open = vec![("", o.all), ("true", o.open_only)];
    Ok(Sheet::of(frame)
        .lead(o.sagas_lead)
        .problem(problem)
        .filters(vec![
            Filter::choice("open", o.state, asked.get("open"), open),
            Filter::text("order_id", o.order, asked.get("order_id")),
        ])
        .table(Table::of(columns, rows, o.no_sagas).more(asked.next(PATH, &BY, &list)))
        .shown(&visitor))
}

fn row(frame: &Frame, saga: &Saga) -> Vec<Cell> {
    vec![
        Cell::link(path_of(PATH, &saga.id), brief(&saga.id)),
        Cell::plain(frame.o.word(&saga.name)),
        order(saga),
        Cell::state(frame, saga.state()),
        Cell::number(saga.epoch),
        Cell::moment(frame, &saga.created_at),
        Cell::moment(frame, saga.ended_at.as_deref().unwrap_or_default()),
    ]
}

fn order(saga: &Saga) -> Cell {
    Cell::link(
        path_of("/admin/orders", &saga.subject_id),
        brief(&saga.subject_id),
    )
}

async fn found(visitor: &Visitor, id: &str) -> Result<Saga, Trouble> {
    visitor.get(path_of("/v1/admin/sagas", id)).hear().await
}

async fn show(Staff(visitor): Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let saga = found(&visitor, &id).await?;
    let o = visitor.locale().office();
    let frame = visitor.frame(format!("{}: {}", o.saga, o.word(&saga.name)));
    let at = |text: &Option<String>| Cell::moment(&frame, text.as_deref().unwrap_or_default());
    let some = |text: &Option<String>| Cell::plain(text.clone().unwrap_or_default());
    let reason = saga
        .reason
        .as_deref()
        .map_or("", |reason| frame.t.reason(reason));
    let facts = vec![
        (o.state, Cell::state(&frame, saga.state())),
        (o.saga, Cell::code(&saga.id)),
        (o.order, order(&saga)),
        (o.claims, Cell::number(saga.epoch)),
        (o.worked_on_by, some(&saga.owner)),
        (o.lease_ends, at(&saga.leased_until)),
        (o.settle_by, at(&saga.settle_by)),
        (o.undone_because, Cell::plain(reason)),
        (o.begun, Cell::moment(&frame, &saga.created_at)),
        (o.ended, at(&saga.ended_at)),
    ];
    let history = audit::history(&visitor, &frame, "order", &saga.id).await;
    let may = frame.is_admin() && saga.ended_at.is_none();
    Ok(Sheet::of(frame)
        .above(PATH, o.sagas)
        .deed(may, format!("{}/retry", path_of(PATH, &id)), o.retry)
        .facts(facts)
        .maybe(history)
        .shown(&visitor))
}

async fn ask(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked(&visitor, &id, &Filling::default()).await
}

async fn asked(visitor: &Visitor, id: &str, filling: &Filling) -> Result<Response, Trouble> {
    let saga = found(visitor, id).await?;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.retry_this.replace("{}", &brief(&saga.id)));
    Ok(Deed::of(frame, path_of(PATH, id), o.retry)
        .says(o.retry_says)
        .refused(filling, None)
        .shown(visitor))
}

async fn retry(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let path = format!("{}/retry", path_of("/v1/admin/sagas", &id));
    match visitor.ask(Method::POST, path).done().await {
        Ok(()) => Ok(done(PATH, "retried", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked(&visitor, &id, &filling).await
        }
    }
}
