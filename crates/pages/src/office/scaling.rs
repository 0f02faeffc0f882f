//! `/admin/scaling`: how many instances of each service are wanted and why, and what load is expected of it.

mod chart;
mod seen;
mod tables;

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;

use self::seen::{Forecast, Scaling};
use self::tables::{decided, decided_columns, figures, last, uses_of};
use super::Admin;
use super::deed::path_of;
use super::sheet::{Cell, Sheet, Table};
use crate::api::Problem;
use crate::look::Frame;
use crate::shop::seen::List;
use crate::trouble::Trouble;

pub(super) use chart::Chart;

const PATH: &str = "/admin/scaling";
const API: &str = "/v1/admin/scaling";
/// How many steps are shown closely before what is to come: three hours of five minutes.
const CLOSE: usize = 36;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/scaling/{service}", get(show))
}

async fn list(Admin(visitor): Admin) -> Result<Response, Trouble> {
    let list: List<Scaling> = visitor.get(API).hear().await?;
    let frame = visitor.frame(visitor.locale().office().scaling);
    let o = frame.o;
    let rows = list.data.iter().map(|one| row(&frame, one)).collect();
    let columns = vec![
        o.service,
        o.wanted,
        o.present,
        o.why,
        o.bounds,
        o.load,
        o.one_answers,
        o.would_fit,
    ];
    let uses = list.data.iter().flat_map(|one| &one.instances);
    let uses = uses_of(&frame, uses);
    let decisions = last(&frame, &list.data);
    Ok(Sheet::of(frame)
        .lead(o.scaling_lead)
        .table(Table::of(columns, rows, "").under(o.services))
        .table(uses)
        .table(decisions)
        .live()
        .shown(&visitor))
}

fn row(frame: &Frame, one: &Scaling) -> Vec<Cell> {
    let wanted = one.desired.as_ref().map(|desired| desired.count);
    vec![
        Cell::link(path_of(PATH, &one.service), &one.service),
        Cell::number(or_dash(wanted)),
        Cell::number(one.present),
        why(frame, one),
        Cell::number(bounds(one.least, one.most)),
        Cell::number(format!("{:.1}", one.load_per_second)),
        answers(frame, one),
        fits(frame, one),
    ]
}

fn or_dash(number: Option<u32>) -> String {
    number.map_or("–".to_owned(), |number| number.to_string())
}

fn bounds(least: u32, most: u32) -> String {
    format!("{least} … {most}")
}

/// What decided; where that is long ago, that it is.
fn why(frame: &Frame, one: &Scaling) -> Cell {
    match &one.desired {
        Some(desired) if desired.expired => Cell::state(frame, "expired"),
        Some(desired) => Cell::plain(frame.o.word(&desired.why)),
        None => Cell::plain(""),
    }
}

/// What one instance is taken to answer, and who says so.
fn answers(frame: &Frame, one: &Scaling) -> Cell {
    let from = frame.o.word(&one.per_instance_from);
    let text = one.per_instance.map(|load| format!("{load:.1} ({from})"));
    Cell::number(text.unwrap_or("–".to_owned()))
}

fn fits(frame: &Frame, one: &Scaling) -> Cell {
    let Some(fit) = &one.fit else {
        return Cell::plain(frame.o.fit_unknown);
    };
    let text = frame.fill(frame.o.fit_text, fit.processors());
    let [request, limit] = fit.mebibytes();
    Cell::plain(frame.fill(&frame.fill(&text, request), limit))
}

async fn show(Admin(visitor): Admin, Path(service): Path<String>) -> Result<Response, Trouble> {
    let all: List<Scaling> = visitor.get(API).hear().await?;
    let one = all.data.into_iter().find(|one| one.service == service);
    let one = one.ok_or_else(|| Problem::new(404, "not_found"))?;
    let path = format!("{}/forecast", path_of(API, &one.service));
    let forecast: Forecast = visitor.get(path).hear().await?;
    let frame = visitor.frame(&one.service);
    let o = frame.o;
    let mut facts = facts(&frame, &one);
    facts.extend(expected(&frame, &forecast));
    let charts = charts(&frame, &forecast);
    let figures = figures(&frame, &forecast);
    let uses = uses_of(&frame, one.instances.iter());
    let rows = one.decisions.iter().map(|one| decided(&frame, one));
    let decisions = Table::of(decided_columns(&frame), rows.collect(), o.no_decisions);
    let change = format!("{}/change", path_of("/admin/resources", &one.service));
    Ok(Sheet::of(frame)
        .above(PATH, o.scaling)
        .deed(true, change, o.change_bounds)
        .facts(facts)
        .charts(charts)
        .maybe(figures)
        .table(uses)
        .table(decisions.under(o.decisions))
        .shown(&visitor))
}

/// A fact and its word.
type Fact = (&'static str, Cell);

fn facts(frame: &Frame, one: &Scaling) -> Vec<Fact> {
    let o = frame.o;
    let mut facts = vec![
        (o.present, Cell::number(one.present)),
        (o.bounds, Cell::number(bounds(one.least, one.most))),
        (o.load, Cell::number(format!("{:.1}", one.load_per_second))),
        (o.one_answers, answers(frame, one)),
    ];
    if let Some(desired) = &one.desired {
        let wanted = [
            (o.wanted, Cell::number(desired.count)),
            (o.why, why(frame, one)),
            (o.by_load, Cell::number(desired.floor)),
            (o.by_forecast, Cell::plain(or_dash(desired.forecast))),
            (o.decided_at, Cell::moment(frame, &desired.decided_at)),
            (o.holds_until, Cell::moment(frame, &desired.valid_until)),
        ];
        facts.splice(0..0, wanted);
    }
    facts.push((o.would_fit, fits(frame, one)));
    facts
}

/// What is expected, or why nothing is; and how good that was.
fn expected(frame: &Frame, forecast: &Forecast) -> Vec<Fact> {
    let o = frame.o;
    let made = if forecast.none.is_empty() {
        Cell::plain(&forecast.model)
    } else {
        Cell::plain(o.word(&forecast.none))
    };
    let mut facts = vec![
        (o.forecast, made),
        (o.forecast_made, Cell::moment(frame, &forecast.made_at)),
        (o.forecast_holds, Cell::moment(frame, &forecast.holds_until)),
        (o.forecast_was, Cell::state(frame, &forecast.standing)),
    ];
    if forecast.judged_steps > 0 {
        let missed = frame.fill(o.missed_text, format!("{:.1}", forecast.mean_error));
        let missed = frame.fill(&missed, format!("{:.0}", forecast.error_share * 100.0));
        facts.push((o.forecast_missed, Cell::plain(missed)));
    }
    facts
}

/// What is to come, drawn closely; and at the end of the day before it.
fn charts(frame: &Frame, forecast: &Forecast) -> Vec<Chart> {
    let Forecast {
        history: came,
        to_come,
        ..
    } = forecast;
    let close = &came[came.len().saturating_sub(CLOSE)..];
    let hours = Chart::of(frame, "hours", frame.o.hours_drawn, close, to_come);
    let longer = came.len() > CLOSE;
    let day = || Chart::of(frame, "day", frame.o.day_drawn, came, to_come);
    hours
        .into_iter()
        .chain(longer.then(day).flatten())
        .collect()
}
