//! Load over time as a drawing: what came and what had been expected as lines, what is expected as a line in a band.

mod scale;

use askama::Template;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::scale::Scale;
use super::seen::Point;
use crate::look::Frame;
use crate::look::words::Office;

/// One drawing.
#[derive(Template)]
#[template(path = "office/chart.html")]
pub(in crate::office) struct Chart {
    o: &'static Office,
    /// Tells it from others on the page.
    name: &'static str,
    title: &'static str,
    /// What is to be seen, for those who do not see it.
    says: String,
    came: String,
    foreseen: String,
    expected: String,
    band: String,
    /// Heights with a line each: in the drawing, in percent, in words.
    loads: Vec<(String, String, String)>,
    /// Hours: in percent, how they are aligned, in words.
    times: Vec<(String, &'static str, String)>,
}

impl Chart {
    /// Draws these; nothing, where there is nothing yet.
    pub(super) fn of(
        frame: &Frame,
        name: &'static str,
        title: &'static str,
        came: &[Point],
        to_come: &[Point],
    ) -> Option<Self> {
        let came = placed(came);
        let to_come = placed(to_come);
        let scale = Scale::of(&came, &to_come)?;
        let line = |points: &[Placed<'_>], of: fn(&Point) -> Option<f64>| {
            scale.line(points.iter().map(|(at, point)| (*at, of(point))))
        };
        Some(Self {
            o: frame.o,
            name,
            title,
            says: says(frame, &came, &to_come),
            came: line(&came, |point| point.came),
            foreseen: line(&came, |point| point.expected),
            expected: line(&to_come, |point| point.expected),
            band: scale.band(&to_come),
            loads: scale.loads(),
            times: scale.times(),
        })
    }
}

/// A point and when it is, in seconds since 1970.
type Placed<'a> = (i64, &'a Point);

fn placed(points: &[Point]) -> Vec<Placed<'_>> {
    let placed = points.iter().filter_map(|point| {
        let at = OffsetDateTime::parse(&point.at, &Rfc3339).ok()?;
        Some((at.unix_timestamp(), point))
    });
    placed.collect()
}

/// The lowest and the highest of `values`.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let wider = |range: Option<(f64, f64)>, value: f64| {
        let (least, most) = range.unwrap_or((value, value));
        Some((least.min(value), most.max(value)))
    };
    values.fold(None, wider)
}

fn says(frame: &Frame, came: &[Placed<'_>], to_come: &[Placed<'_>]) -> String {
    let filled = |text: &str, values: &[String]| {
        let fill = |text: String, value: &String| frame.fill(&text, value);
        values.iter().fold(text.to_owned(), fill)
    };
    let load = |load: f64| format!("{load:.1}");
    let of = |points: &[Placed<'_>], of: fn(&Point) -> Option<f64>| {
        range(points.iter().filter_map(|(_, point)| of(point)))
    };
    let mut said = vec![frame.o.drawn_unit.to_owned()];
    if let (Some((least, most)), [(_, first), .., (_, last)]) = (of(came, |point| point.came), came)
    {
        let [from, to] = [first, last].map(|point| frame.minute(&point.at));
        let values = [from, to, load(least), load(most)];
        said.push(filled(frame.o.came_says, &values));
    }
    if let (Some((least, most)), Some((lower, _)), Some((_, upper)), Some((_, last))) = (
        of(to_come, |point| point.expected),
        of(to_come, |point| point.lower),
        of(to_come, |point| point.upper),
        to_come.last(),
    ) {
        let until = frame.minute(&last.at);
        let values = [until, load(least), load(most), load(lower), load(upper)];
        said.push(filled(frame.o.expected_says, &values));
    }
    said.join(" ")
}
