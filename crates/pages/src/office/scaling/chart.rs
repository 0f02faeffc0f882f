//! Load over time as a drawing: what came and what had been expected as lines, what is expected as a line in a band.

use askama::Template;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::seen::Point;
use crate::look::Frame;
use crate::look::words::Office;

/// A step, in seconds. What lies further apart is not joined: nobody looked between.
const STEP: i64 = 300;
const HOUR: i64 = 3600;
/// The drawing is a square of so many units, stretched to the room that there is.
const SIDE: f64 = 1000.0;
/// How much of the height it takes, in percent; the hours stand below.
const HEIGHT: f64 = 88.0;
/// How much higher it is than the highest load.
const ROOM: f64 = 1.15;

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

/// What is drawn where.
struct Scale {
    first: i64,
    last: i64,
    highest: f64,
}

impl Scale {
    /// Room for all of these, at least an hour wide.
    fn of(came: &[Placed<'_>], to_come: &[Placed<'_>]) -> Option<Self> {
        let all = || came.iter().chain(to_come);
        let first = all().map(|(at, _)| *at).min()?;
        let last = all().map(|(at, _)| *at).max()?;
        let loads = all().flat_map(|(_, point)| [point.came, point.expected, point.upper]);
        Some(Self {
            first: first.min(last - HOUR),
            last,
            highest: loads.flatten().fold(1.0, f64::max),
        })
    }

    fn x(&self, at: i64) -> f64 {
        let seconds = |span: i64| f64::from(i32::try_from(span).unwrap_or(i32::MAX));
        SIDE * seconds(at - self.first) / seconds(self.last - self.first)
    }

    fn y(&self, load: f64) -> f64 {
        SIDE * (1.0 - load / (self.highest * ROOM))
    }

    /// A line through all that is known, broken where nothing is.
    fn line(&self, points: impl Iterator<Item = (i64, Option<f64>)>) -> String {
        let mut before = None;
        let known = points.filter_map(|(at, load)| {
            let (x, y) = (self.x(at), self.y(load?));
            // One that is alone is a line of no length, with round ends.
            Some(match before.replace(at) {
                Some(before) if at - before <= STEP => format!("L{x:.1} {y:.1}"),
                _ => format!("M{x:.1} {y:.1}h0"),
            })
        });
        known.collect()
    }

    /// What lies between the bounds.
    fn band(&self, points: &[Placed<'_>]) -> String {
        let known = points.iter().filter_map(|(at, point)| {
            let x = self.x(*at);
            Some((x, self.y(point.lower?), self.y(point.upper?)))
        });
        let known: Vec<_> = known.collect();
        let there = known
            .iter()
            .map(|(x, _, upper)| format!("{x:.1} {upper:.1}"));
        let back = known.iter().rev();
        let back = back.map(|(x, lower, _)| format!("{x:.1} {lower:.1}"));
        let edge: Vec<String> = there.chain(back).collect();
        if edge.is_empty() {
            return String::new();
        }
        format!("M{}Z", edge.join("L"))
    }

    /// A few round loads.
    fn loads(&self) -> Vec<(String, String, String)> {
        let rough = self.highest / 4.0;
        let ten = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * ten);
        let step = steps.into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let digits = usize::from(step < 1.0);
        let loads = (1..=4).map(|times| step * f64::from(times));
        let loads = loads.filter(|load| *load <= self.highest * 1.02);
        let shown = loads.map(|load| {
            let y = self.y(load);
            let percent = y / SIDE * HEIGHT;
            (
                format!("{y:.1}"),
                format!("{percent:.1}"),
                format!("{load:.digits$}"),
            )
        });
        shown.collect()
    }

    /// Whole hours: each, or every sixth.
    fn times(&self) -> Vec<(String, &'static str, String)> {
        let wide = self.last - self.first > 8 * HOUR;
        let every = if wide { 6 * HOUR } else { HOUR };
        let begin = self.first.div_euclid(every) + 1;
        let end = self.last.div_euclid(every);
        let hours = (begin..=end).map(|times| {
            let at = times * every;
            let percent = self.x(at) / SIDE * 100.0;
            // At the edges a word in the middle of its hour would be cut off.
            let anchor = match percent {
                ..7.0 => "start",
                93.0.. => "end",
                _ => "middle",
            };
            let hour = at.div_euclid(HOUR).rem_euclid(24);
            (format!("{percent:.1}"), anchor, format!("{hour:02}:00"))
        });
        hours.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(minute: u32, came: Option<f64>) -> Point {
        Point {
            at: format!("2026-11-27T10:{minute:02}:00Z"),
            came,
            expected: None,
            lower: None,
            upper: None,
        }
    }

    #[test]
    fn a_line_goes_by_time_and_is_broken_where_nobody_looked() {
        let points = [
            point(0, Some(0.0)),
            point(5, Some(50.0)),
            point(10, None),
            point(15, Some(100.0)),
            point(40, Some(0.0)),
        ];
        let points = placed(&points);
        let scale = Scale {
            first: points[0].0,
            last: points[0].0 + HOUR,
            highest: 100.0 / ROOM,
        };

        let line = scale.line(points.iter().map(|(at, point)| (*at, point.came)));

        assert_eq!(line, "M0.0 1000.0h0L83.3 500.0M250.0 0.0h0M666.7 1000.0h0");
    }

    #[test]
    fn a_band_lies_between_what_is_hardly_less_and_hardly_more() {
        let mut points = [point(0, None), point(30, None)];
        for point in &mut points {
            (point.lower, point.upper) = (Some(25.0), Some(75.0));
        }
        let points = placed(&points);
        let scale = Scale {
            first: points[0].0,
            last: points[0].0 + HOUR,
            highest: 100.0 / ROOM,
        };

        assert_eq!(
            scale.band(&points),
            "M0.0 250.0L500.0 250.0L500.0 750.0L0.0 750.0Z"
        );
        assert_eq!(scale.band(&[]), "");
    }

    #[test]
    fn loads_are_round_and_there_are_few() {
        for (highest, wanted) in [
            (1.0, vec!["0.5", "1.0"]),
            (7.0, vec!["2", "4", "6"]),
            (180.0, vec!["50", "100", "150"]),
            (310.0, vec!["100", "200", "300"]),
            (60.0, vec!["20", "40", "60"]),
        ] {
            let scale = Scale {
                first: 0,
                last: HOUR,
                highest,
            };

            let loads: Vec<String> = scale.loads().into_iter().map(|load| load.2).collect();

            assert_eq!(loads, wanted, "{highest}");
        }
    }

    #[test]
    fn hours_are_named_each_or_every_sixth() {
        let named = |hours: i64| {
            let scale = Scale {
                first: 1800,
                last: 1800 + hours * HOUR,
                highest: 1.0,
            };
            let times = scale.times().into_iter().map(|time| time.2);
            times.collect::<Vec<String>>()
        };

        assert_eq!(named(3), ["01:00", "02:00", "03:00"]);
        assert_eq!(named(25), ["06:00", "12:00", "18:00", "00:00"]);
    }
}
