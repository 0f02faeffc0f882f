//! What instances use, what was decided and what load came, in rows.

use super::seen::{Decision, Forecast, Point, Scaling, Used};
use super::{PATH, bounds, or_dash};
use crate::look::Frame;
use crate::office::deed::path_of;
use crate::office::sheet::{Cell, Table};

/// How many decisions are shown of all services together.
const DECISIONS: usize = 20;

/// What each of these instances does and uses.
pub(super) fn uses_of<'a>(frame: &Frame, uses: impl Iterator<Item = &'a Used>) -> Table {
    let o = frame.o;
    let rows = uses.map(|used| {
        vec![
            Cell::link(path_of("/admin/registry", &used.instance), &used.instance),
            Cell::number(format!("{:.1}", used.asked_per_second)),
            Cell::number(format!("{:.1}", used.refused_per_second)),
            Cell::number(format!("{:.1} ms", used.latency_millis)),
            Cell::number(format!("{:.0} %", used.cpu * 100.0)),
            Cell::number(format!("{} MiB", used.memory_bytes >> 20)),
            Cell::Meter {
                value: f64::from(used.in_flight),
                most: f64::from(used.limit.max(1)),
                text: format!("{} / {}", used.in_flight, used.limit),
            },
        ]
    });
    let columns = vec![
        o.instance,
        o.asked_each,
        o.refused_each,
        o.latency,
        o.processor,
        o.memory,
        o.in_flight,
    ];
    Table::of(columns, rows.collect(), o.no_uses).under(o.uses)
}

/// The last decisions on all services.
pub(super) fn last(frame: &Frame, all: &[Scaling]) -> Table {
    let mut last: Vec<(&Scaling, &Decision)> = all
        .iter()
        .flat_map(|one| one.decisions.iter().map(move |decision| (one, decision)))
        .collect();
    last.sort_by(|(_, one), (_, other)| other.decided_at.cmp(&one.decided_at));
    let rows = last.into_iter().take(DECISIONS).map(|(one, decision)| {
        let mut row = decided(frame, decision);
        let service = Cell::link(path_of(PATH, &one.service), &one.service);
        row.insert(1, service);
        row
    });
    let mut columns = decided_columns(frame);
    columns.insert(1, frame.o.service);
    Table::of(columns, rows.collect(), frame.o.no_decisions).under(frame.o.decisions)
}

/// The columns of decisions on one service.
pub(super) fn decided_columns(frame: &Frame) -> Vec<&'static str> {
    let o = frame.o;
    vec![
        o.when,
        o.wanted,
        o.why,
        o.by_load,
        o.by_forecast,
        o.rate,
        o.one_answers,
        o.bounds,
    ]
}

/// One of these.
pub(super) fn decided(frame: &Frame, decision: &Decision) -> Vec<Cell> {
    let answers = decision.per_instance.map(|load| format!("{load:.1}"));
    let before = or_dash(decision.before);
    vec![
        Cell::moment(frame, &decision.decided_at),
        Cell::number(format!("{before} → {}", decision.count)),
        Cell::plain(frame.o.word(&decision.why)),
        Cell::number(decision.floor),
        Cell::number(or_dash(decision.forecast)),
        Cell::number(format!("{:.1}", decision.load_per_second)),
        Cell::number(answers.unwrap_or("–".to_owned())),
        Cell::number(bounds(decision.least, decision.most)),
    ]
}

/// What is drawn, in figures, the latest first; nothing, where nothing is drawn.
pub(super) fn figures(frame: &Frame, forecast: &Forecast) -> Option<Table> {
    let o = frame.o;
    let load =
        |load: Option<f64>| Cell::number(load.map_or("–".to_owned(), |load| format!("{load:.1}")));
    let points = forecast.history.iter().chain(&forecast.to_come).rev();
    let row = |point: &Point| {
        vec![
            Cell::moment(frame, &point.at),
            load(point.came),
            load(point.expected),
            load(point.lower),
            load(point.upper),
        ]
    };
    let rows: Vec<_> = points.map(row).collect();
    let some = !rows.is_empty();
    let columns = vec![
        o.step_from,
        o.came,
        o.is_expected,
        o.expected_least,
        o.expected_most,
    ];
    let table = Table::of(columns, rows, "").under(o.figures).folded();
    some.then_some(table)
}
