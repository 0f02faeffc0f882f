//! `/admin/backups`: who takes them, and whether they are late. The backups themselves are not among what the API shows.

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::seen::{Fault, Lock};
use super::sheet::{Sheet, Table};
use super::{Admin, faults, locks};
use crate::shop::seen::List;
use crate::trouble::Trouble;

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new().route("/admin/backups", get(show))
}

async fn show(Admin(visitor): Admin) -> Result<Response, Trouble> {
    let (late, leader) = futures::join!(
        visitor
            .get("/v1/admin/faults?type=backup_stale")
            .hear::<List<Fault>>(),
        visitor
            .get("/v1/admin/locks?prefix=backup.")
            .hear::<List<Lock>>(),
    );
    let (late, leader) = (late?.data, leader?.data);
    let frame = visitor.frame(visitor.locale().office().backups);
    let o = frame.o;
    let rows = late
        .iter()
        .map(|fault| faults::row(&frame, fault))
        .collect();
    let late = Table::of(faults::columns(&frame), rows, o.no_late_backups).under(o.late_backups);
    let rows = leader.iter().map(|lock| locks::row(&frame, lock)).collect();
    let leader = Table::of(locks::columns(&frame), rows, o.no_backup_leader).under(o.backup_leader);
    Ok(Sheet::of(frame)
        .lead(o.backups_lead)
        .table(late)
        .table(leader)
        .shown(&visitor))
}
