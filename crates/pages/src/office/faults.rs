//! `/admin/faults`: what went wrong in the house, how long it took to be seen and to be over, and what people say of it.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::deed::{Deed, path_of, refusal};
use super::seen::{Counted, Fault};
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, ROWS, audit, done, listed};
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::query;
use crate::shop::seen::List;
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/faults";
/// What a list is asked for, as the page names it.
const BY: [&str; 4] = ["open", "type", "component", "period"];
const KINDS: [&str; 15] = [
    "instance_killed",
    "instance_paused",
    "instance_slow",
    "instance_cut",
    "instance_ejected",
    "database_node_down",
    "primary_lost",
    "replication_lag",
    "database_unreachable",
    "redis_node_down",
    "redis_primary_lost",
    "disk_full",
    "certificate_expiring",
    "backup_stale",
    "lock_overdue",
];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/faults/{number}", get(show))
        .route("/admin/faults/{number}/note", get(ask_note).post(note))
}

async fn list(Admin(visitor): Admin, asked: Asked) -> Result<Response, Trouble> {
    let since = since(asked.get("period"), OffsetDateTime::now_utc());
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
    let filters = filters(&frame, &asked);
    Ok(Sheet::of(frame)
        .lead(o.faults_lead)
        .problem(problem)
        .filters(filters)
        .table(counted)
        .table(table)
        .live()
        .shown(&visitor))
}

fn filters(frame: &Frame, asked: &Asked) -> Vec<Filter> {
    let o = frame.o;
    let kinds = KINDS.map(|kind| (kind, o.word(kind)));
    let kinds = [("", o.all)].into_iter().chain(kinds).collect();
    let open = vec![("", o.all), ("true", o.open_only)];
    let periods = vec![
        ("", o.always),
        ("hour", o.last_hour),
        ("day", o.last_day),
        ("week", o.last_week),
    ];
    vec![
        Filter::choice("open", o.state, asked.get("open"), open),
        Filter::choice("type", o.kind, asked.get("type"), kinds),
        Filter::choice("period", o.period, asked.get("period"), periods),
        Filter::text("component", o.component, asked.get("component")),
    ]
}

/// The moment from which on faults count.
fn since(period: &str, now: OffsetDateTime) -> Option<String> {
    let back = match period {
        "hour" => Duration::HOUR,
        "day" => Duration::DAY,
        "week" => Duration::WEEK,
        _ => return None,
    };
    (now - back).format(&Rfc3339).ok()
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

async fn ask_note(Admin(visitor): Admin, Path(number): Path<String>) -> Result<Response, Trouble> {
    asked_note(&visitor, &number, &Filling::default()).await
}

async fn asked_note(
    visitor: &Visitor,
    number: &str,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let fault: Fault = visitor
        .get(path_of("/v1/admin/faults", number))
        .hear()
        .await?;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.note_this.replace("{}", &fault.number.to_string()));
    let fields = vec![filling.field(&frame, "text", "area", "off", 2000)];
    Ok(Deed::of(frame, path_of(PATH, number), o.add_note)
        .says(o.note_says)
        .fields(fields)
        .refused(filling, None)
        .shown(visitor))
}

async fn note(
    visitor: Visitor,
    Path(number): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let path = format!("{}/notes", path_of("/v1/admin/faults", &number));
    let body = json!({ "text": text(&typed) });
    match visitor.ask(Method::POST, path).json(&body).done().await {
        Ok(()) => Ok(done(
            &path_of(PATH, &number),
            "noted",
            &format!("fault_{number}"),
        )),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_note(&visitor, &number, &filling).await
        }
    }
}

/// What was typed, with ends of lines as everybody but forms has them.
fn text(typed: &Typed) -> String {
    typed.get("text").replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_now() {
        let now = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();

        assert_eq!(since("hour", now).unwrap(), "2023-11-14T21:13:20Z");
        assert_eq!(since("day", now).unwrap(), "2023-11-13T22:13:20Z");
        assert_eq!(since("", now), None);
    }
}
