//! `/admin/locks`: who holds what, who waits for it, and taking a lock away.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;

use super::deed::{Deed, path_of, refusal};
use super::seen::Lock;
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, audit, done, listed};
use crate::form::Sent;
use crate::look::Frame;
use crate::look::field::Filling;
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/locks";

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/locks/{name}", get(show))
        .route("/admin/locks/{name}/release", get(ask).post(release))
}

async fn list(Admin(visitor): Admin, asked: Asked) -> Result<Response, Trouble> {
    let path = format!("/v1/admin/locks?{}", asked.query(&["prefix"]));
    let (list, problem) = listed::<Lock>(&visitor, path).await?;
    let frame = visitor.frame(visitor.locale().office().locks);
    let o = frame.o;
    let rows = list.data.iter().map(|lock| row(&frame, lock)).collect();
    let table = Table::of(columns(&frame), rows, o.no_locks);
    Ok(Sheet::of(frame)
        .lead(o.locks_lead)
        .problem(problem)
        .filters(vec![Filter::text(
            "prefix",
            o.begins_with,
            asked.get("prefix"),
        )])
        .table(table.more(asked.next(PATH, &["prefix"], &list)))
        .shown(&visitor))
}

/// The columns of a list of locks.
pub(super) fn columns(frame: &Frame) -> Vec<&'static str> {
    let o = frame.o;
    vec![o.lock, o.state, o.holder, o.token, o.lease_ends, o.waiting]
}

/// A lock in a list, with its first holder.
pub(super) fn row(frame: &Frame, lock: &Lock) -> Vec<Cell> {
    let first = lock.holders.first();
    let owners: Vec<&str> = lock.holders.iter().map(|one| &*one.owner).collect();
    let ends = first.map_or("", |one| &*one.expires_at);
    let token = first.map_or(String::new(), |one| one.token.to_string());
    vec![
        Cell::link(path_of(PATH, &lock.id), &lock.id),
        Cell::state(frame, state(lock)),
        Cell::plain(owners.join(", ")),
        Cell::number(token),
        Cell::moment(frame, ends),
        Cell::number(lock.waiters.len()),
    ]
}

fn state(lock: &Lock) -> &str {
    match lock.holders.first() {
        _ if lock.holders.iter().any(|one| one.overdue) => "overdue",
        Some(first) => &first.mode,
        None => "free",
    }
}

async fn found(visitor: &Visitor, name: &str) -> Result<Lock, Trouble> {
    visitor.get(path_of("/v1/admin/locks", name)).hear().await
}

async fn show(Admin(visitor): Admin, Path(name): Path<String>) -> Result<Response, Trouble> {
    let lock = found(&visitor, &name).await?;
    let frame = visitor.frame(&lock.id);
    let o = frame.o;
    let holders = lock.holders.iter().map(|one| {
        let overdue = if one.overdue { "overdue" } else { "in_time" };
        vec![
            Cell::plain(&one.owner),
            Cell::plain(o.word(&one.mode)),
            Cell::number(one.token),
            Cell::moment(&frame, &one.granted_at),
            Cell::moment(&frame, &one.expires_at),
            Cell::state(&frame, overdue),
        ]
    });
    let columns = vec![o.holder, o.mode, o.token, o.since, o.lease_ends, o.state];
    let holders = Table::of(columns, holders.collect(), o.no_holders).under(o.holders);
    let waiters = lock.waiters.iter().map(|one| {
        vec![
            Cell::plain(&one.owner),
            Cell::plain(o.word(&one.mode)),
            Cell::moment(&frame, &one.waits_until),
        ]
    });
    let columns = vec![o.who, o.mode, o.gives_up];
    let waiters = Table::of(columns, waiters.collect(), o.no_waiters).under(o.waiters);
    let history = audit::history(&visitor, &frame, "control", &lock.id).await;
    let release = format!("{}/release", path_of(PATH, &lock.id));
    Ok(Sheet::of(frame)
        .above(PATH, o.locks)
        .deed(!lock.holders.is_empty(), release, o.release)
        .facts(vec![
            (o.state, Cell::state(&visitor.frame(""), state(&lock))),
            (o.waiting, Cell::number(lock.waiters.len())),
        ])
        .table(holders)
        .table(waiters)
        .maybe(history)
        .shown(&visitor))
}

async fn ask(Admin(visitor): Admin, Path(name): Path<String>) -> Result<Response, Trouble> {
    asked(&visitor, &name, &Filling::default()).await
}

async fn asked(visitor: &Visitor, name: &str, filling: &Filling) -> Result<Response, Trouble> {
    let lock = found(visitor, name).await?;
    let o = visitor.locale().office();
    let owners: Vec<&str> = lock.holders.iter().map(|one| &*one.owner).collect();
    let frame = visitor.frame(o.release_this.replace("{}", &lock.id));
    let next = lock.waiters.first();
    let then = next.map_or(o.release_nobody.to_owned(), |next| {
        o.release_next.replace("{}", &next.owner)
    });
    Ok(Deed::of(frame, path_of(PATH, name), o.release)
        .says(o.release_says.replace("{}", &owners.join(", ")))
        .says(then)
        .risky()
        .refused(filling, None)
        .shown(visitor))
}

async fn release(
    visitor: Visitor,
    Path(name): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let path = format!("{}/release", path_of("/v1/admin/locks", &name));
    match visitor.ask(Method::POST, path).done().await {
        Ok(()) => Ok(done(PATH, "released", &name)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked(&visitor, &name, &filling).await
        }
    }
}
