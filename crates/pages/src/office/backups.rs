//! `/admin/backups`: what is there, whether it counts, who takes it, and whether it is late.

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::seen::{Backup, Fault, Lock};
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, faults, listed, locks};
use crate::look::Frame;
use crate::shop::seen::List;
use crate::trouble::Trouble;

const PATH: &str = "/admin/backups";
/// What a list is asked for.
const BY: [&str; 1] = ["extent"];

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new().route(PATH, get(show))
}

async fn show(Admin(visitor): Admin, asked: Asked) -> Result<Response, Trouble> {
    let (all, late, leader) = futures::join!(
        listed::<Backup>(&visitor, format!("/v1/admin/backups?{}", asked.query(&BY))),
        visitor
            .get("/v1/admin/faults?type=backup_stale")
            .hear::<List<Fault>>(),
        visitor
            .get("/v1/admin/locks?prefix=backup.")
            .hear::<List<Lock>>(),
    );
    let ((all, problem), late, leader) = (all?, late?.data, leader?.data);
    let frame = visitor.frame(visitor.locale().office().backups);
    let o = frame.o;
    let rows = all.data.iter().map(|backup| row(&frame, backup)).collect();
    let table = Table::of(columns(&frame), rows, o.no_backups).under(o.backups);
    let table = table.more(asked.next(PATH, &BY, &all));
    let rows = late
        .iter()
        .map(|fault| faults::row(&frame, fault))
        .collect();
    let late = Table::of(faults::columns(&frame), rows, o.no_late_backups).under(o.late_backups);
    let rows = leader.iter().map(|lock| locks::row(&frame, lock)).collect();
    let leader = Table::of(locks::columns(&frame), rows, o.no_backup_leader).under(o.backup_leader);
    let extents = ["full", "changed"].map(|extent| (extent, o.word(extent)));
    let extents = [("", o.all)].into_iter().chain(extents).collect();
    Ok(Sheet::of(frame)
        .lead(o.backups_lead)
        .problem(problem)
        .filters(vec![Filter::choice(
            "extent",
            o.kind,
            asked.get("extent"),
            extents,
        )])
        .table(table)
        .table(late)
        .table(leader)
        .shown(&visitor))
}

fn columns(frame: &Frame) -> Vec<&'static str> {
    let o = frame.o;
    vec![
        o.backup,
        o.kind,
        o.over_at,
        o.size,
        o.added,
        o.state,
        o.restored_at,
        o.rpo,
        o.rto,
    ]
}

fn row(frame: &Frame, backup: &Backup) -> Vec<Cell> {
    let restore = backup.restore.as_ref();
    let seconds =
        |of: Option<f64>| of.map_or(Cell::plain(""), |s| Cell::number(format!("{s:.1} s")));
    // A restore that went wrong took no time that means anything.
    let right = restore.filter(|restore| restore.wrong.is_none());
    vec![
        Cell::code(&backup.id),
        Cell::plain(frame.o.word(&backup.extent)),
        Cell::moment(frame, &backup.ended_at),
        Cell::number(megabytes(backup.bytes)),
        Cell::number(megabytes(backup.added_bytes)),
        Cell::state(frame, backup.state()),
        Cell::moment(frame, restore.map_or("", |restore| &*restore.restored_at)),
        seconds(right.map(|restore| restore.rpo_seconds)),
        seconds(right.map(|restore| restore.rto_seconds)),
    ]
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}
