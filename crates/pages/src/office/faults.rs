//! `/admin/faults`: what went wrong in the house, how long it took to be seen and to be over.

mod filter;
mod note;

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::deed::path_of;
use super::seen::{Counted, Fault};
use super::sheet::{Cell, Sheet, Table};
use super::{Admin, Asked, ROWS, audit, listed};
use crate::look::Frame;
use crate::shop::query;
use crate::shop::seen::List;
use crate::trouble::Trouble;

const PATH: &str = "/admin/faults";
/// What a list is asked for, as the page names it.
const BY: [&str; 4] = ["open", "type", "component", "period"];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/faults/{number}", get(show))
        .merge(note::routes())
}

async fn list(Admin(visitor): Admin, asked: Asked) -> Result<Response, Trouble> {
    let since = filter::since(asked.get("period"), OffsetDateTime::now_utc());
    let since = since.as_deref();
    let wanted = query(&[
        (
            "open",
            Some(asked.get("open")).filter(|open| *open == "true"),
        ),
        ("type", asked.0.some("type")),
        ("component", asked.0.some("component")),
        ("since", since),
        ("limit", Some(ROWS)),
        ("cursor", asked.0.some("cursor")),
    ]);
    let counted = query(&[("since", since)]);
    let (list, counted) = futures::join!(
        listed::<Fault>(&visitor, format!("/v1/admin/faults?{wanted}")),
        visitor
            .get(format!("/v1/admin/faults/statistics?{counted}"))
            .hear::<List<Counted>>(),
    );
    let (list, problem) = list?;
    let frame = visitor.frame(visitor.locale().office().faults);
    let o = frame.o;
    let rows = list.data.iter().map(|fault| row(&frame, fault)).collect();
    let table = Table::of(columns(&frame), rows, o.no_faults).under(o.faults);
    let table = table.more(asked.next(PATH, &BY, &list));
    let counted = times(&frame, &counted?.data);
    let filters = filter::all(&frame, &asked);
    Ok(Sheet::of(frame)
        .lead(o.faults_lead)
        .problem(problem)
        .filters(filters)
        .table(counted)
        .table(table)
        .live()
        .shown(&visitor))
}

/// How long it took until faults were detected and until they were over, by their kinds.
fn times(frame: &Frame, counted: &[Counted]) -> Table {
    let o = frame.o;
    let most = |of: fn(&Counted) -> f64| counted.iter().map(of).fold(0.0, f64::max);
    let detect = most(|one| one.mean_seconds_to_detect);
    let repair = most(|one| one.mean_seconds_to_repair);
    let bar = |value: f64, most: f64| Cell::Meter {
        value,
        most: most.max(0.001),
        text: format!("{value:.2} s"),
    };
    let rows = counted.iter().map(|one| {
        vec![
            Cell::plain(o.word(&one.kind)),
            Cell::number(one.count),
            Cell::number(one.open),
            Cell::number(one.false_alarms),
            bar(one.mean_seconds_to_detect, detect),
            bar(one.mean_seconds_to_repair, repair),
        ]
    });
    let columns = vec![o.kind, o.count, o.open, o.false_alarms, o.mttd, o.mttr];
    Table::of(columns, rows.collect(), o.no_faults).under(o.times)
}

/// The columns of a list of faults.
pub(super) fn columns(frame: &Frame) -> Vec<&'static str> {
    let o = frame.o;
    vec![
        o.number,
        o.kind,
        o.component,
        o.severity,
        o.state,
        o.since,
        o.detected,
        o.over,
    ]
}

/// A fault in a list.
pub(super) fn row(frame: &Frame, fault: &Fault) -> Vec<Cell> {
    vec![
        Cell::link(
            path_of(PATH, &fault.number.to_string()),
            fault.number.to_string(),
        ),
        Cell::plain(frame.o.word(&fault.kind)),
        Cell::plain(&fault.component),
        Cell::state(frame, &fault.severity),
        Cell::state(frame, state(fault)),
        Cell::moment(frame, &fault.occurred_at),
        after(&fault.occurred_at, &fault.detected_at),
        fault
            .resolved_at
            .as_deref()
            .map_or(Cell::plain(""), |at| after(&fault.occurred_at, at)),
    ]
}

fn state(fault: &Fault) -> &str {
    fault.resolution.as_deref().unwrap_or("open")
}

/// How long after `from` it was `to`.
fn after(from: &str, to: &str) -> Cell {
    let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let (Some(from), Some(to)) = (read(from), read(to)) else {
        return Cell::plain("");
    };
    Cell::number(format!("{:.2} s", (to - from).as_seconds_f64()))
}

async fn show(Admin(visitor): Admin, Path(number): Path<String>) -> Result<Response, Trouble> {
    let fault: Fault = visitor
        .get(path_of("/v1/admin/faults", &number))
        .hear()
        .await?;
    let o = visitor.locale().office();
    let frame = visitor.frame(format!(
        "{} {}: {}",
        o.fault,
        fault.number,
        o.word(&fault.kind)
    ));
    let some = |text: &Option<String>| Cell::plain(text.clone().unwrap_or_default());
    let at = |text: &Option<String>| Cell::moment(&frame, text.as_deref().unwrap_or_default());
    let cause = fault.cause.map_or(Cell::plain(""), |cause| {
        Cell::link(path_of(PATH, &cause.to_string()), cause.to_string())
    });
    let facts = vec![
        (o.state, Cell::state(&frame, state(&fault))),
        (o.severity, Cell::state(&frame, &fault.severity)),
        (o.component, Cell::plain(&fault.component)),
        (o.life, Cell::code(&fault.incarnation)),
        (o.since, Cell::moment(&frame, &fault.occurred_at)),
        (o.detected_at, Cell::moment(&frame, &fault.detected_at)),
        (
            o.time_to_detect,
            after(&fault.occurred_at, &fault.detected_at),
        ),
        (o.over_at, at(&fault.resolved_at)),
        (o.handling, Cell::plain(&fault.handling)),
        (o.because_of_fault, cause),
        (o.trace, some(&fault.trace_id)),
    ];
    let notes = fault.notes.iter().map(|note| {
        vec![
            Cell::moment(&frame, &note.at),
            Cell::link(
                format!("/admin/users/{}", note.actor_id),
                super::brief(&note.actor_id),
            ),
            Cell::plain(&note.text),
        ]
    });
    let notes = Table::of(vec![o.when, o.who, o.note], notes.collect(), o.no_notes).under(o.notes);
    let history = audit::history(&visitor, &frame, "control", &format!("fault_{number}")).await;
    Ok(Sheet::of(frame)
        .above(PATH, o.faults)
        .deed(true, format!("{}/note", path_of(PATH, &number)), o.add_note)
        .facts(facts)
        .table(notes)
        .maybe(history)
        .shown(&visitor))
}
