//! Where in a drawing what stands: paths through loads, heights and hours with their words.

use super::Placed;

/// A step, in seconds. What lies further apart is not joined: nobody looked between.
const STEP: i64 = 300;
const HOUR: i64 = 3600;
/// The drawing is a square of so many units, stretched to the room that there is.
const SIDE: f64 = 1000.0;
/// How much of the height it takes, in percent; the hours stand below.
const HEIGHT: f64 = 88.0;
/// How much higher it is than the highest load.
const ROOM: f64 = 1.15;

/// What is drawn where.
pub(super) struct Scale {
    first: i64,
    last: i64,
    highest: f64,
}

impl Scale {
    /// Room for all of these, at least an hour wide.
    pub(super) fn of(came: &[Placed<'_>], to_come: &[Placed<'_>]) -> Option<Self> {
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
    pub(super) fn line(&self, points: impl Iterator<Item = (i64, Option<f64>)>) -> String {
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
    pub(super) fn band(&self, points: &[Placed<'_>]) -> String {
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
    pub(super) fn loads(&self) -> Vec<(String, String, String)> {
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
    pub(super) fn times(&self) -> Vec<(String, &'static str, String)> {
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
    use super::super::placed;
    use super::*;
    use crate::office::scaling::seen::Point;

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
