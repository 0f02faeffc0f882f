//! Draws a replayed day: what was asked, what could be answered, and where that was too little.

use std::fmt::Write as _;

use super::day::Day;
use super::replay::{EACH, Outcome};

/// How wide it is, and where the drawing begins.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 56.0;
/// How high each panel is, and what is between them.
const HEIGHT: f64 = 200.0;
const GAP: f64 = 62.0;
const TOP: f64 = 44.0;
/// The most that is shown, in requests a second.
const MOST: f64 = 3_000.0;
/// A point of a line for so many seconds.
const GRAIN: usize = 60;

/// Colours that can be told apart on white and on black, and by whoever cannot tell red from green.
const STYLE: &str = "<style>
  text { font: 13px system-ui, sans-serif; fill: #444 }
  .grid { stroke: #8884; stroke-width: 1 }
  .load { fill: none; stroke: #777; stroke-width: 1 }
  .can { fill: none; stroke: #0072b2; stroke-width: 1.8 }
  .missed { fill: #d55e00 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #16181c } text { fill: #ccc } .load { stroke: #aaa } .can { stroke: #56b4e9 } .missed { fill: #ff8a3d }
  }
</style>";

/// Draws the day scaled by the forecast above, and by the load alone below. Writing to a string does not fail.
pub(super) fn draw(day: &Day, ahead: &Outcome, behind: &Outcome) -> String {
    let height = TOP + 2.0 * (HEIGHT + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"A replayed day, scaled ahead of the load and behind it\">
{STYLE}
<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>
"
    );
    let panels = [
        ("Forecast and load", ahead),
        ("Load alone, at as many instance-hours", behind),
    ];
    let mut top = TOP;
    for (name, outcome) in panels {
        panel(&mut svg, top, name, day, outcome);
        top += HEIGHT + GAP;
    }
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\">grey: requests a second; blue: what the instances answer; orange: missed</text>\n</svg>",
        height - 8.0
    );
    svg
}

fn panel(svg: &mut String, top: f64, name: &str, day: &Day, outcome: &Outcome) {
    let y = |load: f64| top + HEIGHT * (1.0 - load.min(MOST) / MOST);
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\">{name}: {} s missed, {:.0} instance-hours</text>",
        top - 12.0,
        outcome.missed,
        outcome.hours
    );
    for load in [0.0, 1_000.0, 2_000.0, 3_000.0] {
        let at = y(load);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at}H{WIDTH}\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{load}</text>",
            LEFT - 6.0,
            at + 4.0
        );
    }
    for hour in [0_u32, 4, 8, 12, 16, 20] {
        let at = x(f64::from(hour) * 3_600.0);
        let _ = writeln!(
            svg,
            "<text x=\"{at}\" y=\"{}\" text-anchor=\"middle\">{hour}:00</text>",
            top + HEIGHT + 18.0
        );
    }
    let minutes = (0_u32..).zip(day.load.chunks(GRAIN)).map(|(minute, load)| {
        let mean = load.iter().sum::<f64>() / load.iter().map(|_| 1.0).sum::<f64>();
        (f64::from(minute) * 60.0, mean)
    });
    line(
        svg,
        "load",
        minutes.map(|(second, load)| (x(second), y(load))),
    );
    let running = (0_u32..)
        .zip(outcome.running.chunks(GRAIN))
        .flat_map(|(minute, count)| {
            let begin = f64::from(minute) * 60.0;
            let can = count.first().map_or(0.0, |count| f64::from(*count) * EACH);
            [(begin, can), (begin + 60.0, can)]
        });
    line(svg, "can", running.map(|(second, can)| (x(second), y(can))));
    for (minute, missed) in (0_u32..).zip(outcome.misses.chunks(GRAIN)) {
        if missed.contains(&true) {
            let _ = writeln!(
                svg,
                "<rect class=\"missed\" x=\"{:.1}\" y=\"{}\" width=\"2.5\" height=\"10\"/>",
                x(f64::from(minute) * 60.0),
                top + HEIGHT - 10.0
            );
        }
    }
}

fn x(second: f64) -> f64 {
    LEFT + (WIDTH - LEFT) * second / 86_400.0
}

fn line(svg: &mut String, class: &str, points: impl Iterator<Item = (f64, f64)>) {
    let _ = write!(svg, "<path class=\"{class}\" d=\"");
    for (count, (x, y)) in points.enumerate() {
        let _ = write!(svg, "{}{x:.1} {y:.1}", if count == 0 { 'M' } else { 'L' });
    }
    svg.push_str("\"/>\n");
}
