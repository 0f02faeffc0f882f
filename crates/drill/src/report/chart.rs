//! Charts of our own, as SVG: bars of what customers had, lines of how long it took, faults marked behind both.

use std::fmt::Write as _;

use super::{Report, Second, Share, Window};

/// In units of the drawing: where the plot begins, how wide it is, and how high each of its two strips.
const LEFT: f64 = 64.0;
const WIDTH: f64 = 1_000.0;
const STRIP: f64 = 120.0;
/// What stands above the strips, for the numbers of the rounds, and below, for the time.
const HEAD: f64 = 46.0;
const GAP: f64 = 44.0;
const FOOT: f64 = 34.0;
/// How wide a digit of a round's number is, with what keeps it from the next one.
const DIGIT: f64 = 8.5;
/// More bars than this cannot be told apart.
const BARS: usize = 500;
/// The lines of time: a millisecond to a hundred seconds.
const DECADES: [(f64, &str); 6] = [
    (0.001, "1 ms"),
    (0.01, "10 ms"),
    (0.1, "0.1 s"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (100.0, "100 s"),
];
/// Steps of the axis of time, in seconds.
const STEPS: [f64; 8] = [10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0];

/// What a strip is called, and what it shows of each thing.
type Strip<T, U> = (&'static str, fn(&T) -> U);

/// A drawing that grows.
struct Drawing {
    text: String,
    /// How many seconds it shows.
    length: f64,
}

/// Draws what share of those who came in each second were served, orders above reads.
pub(super) fn availability(report: &Report) -> String {
    let length = length(report);
    let mut drawing = Drawing::begin(
        length,
        "Of those who came in each second, how many were served",
    );
    let width = report.seconds.len().div_ceil(BARS).max(1);
    let strips: [Strip<Second, Share>; 2] = [
        ("orders", |second| second.writes),
        ("reads", |second| second.reads),
    ];
    for (number, (name, of)) in strips.into_iter().enumerate() {
        let top = strip(number);
        drawing.frame(top, name);
        for (label, share) in [("100 %", 0.0), ("50 %", 0.5), ("0", 1.0)] {
            drawing.tick(top + share * STRIP, label);
        }
        for (at, bin) in report.seconds.chunks(width).enumerate() {
            let mut sum = Share::default();
            for share in bin.iter().map(of) {
                sum.at_once += share.at_once;
                sum.late += share.late;
                sum.failed += share.failed;
            }
            drawing.bar(top, float(at * width), float(width), sum);
        }
    }
    // Above the bars, which would hide it.
    drawing.rounds(report);
    drawing.end()
}

/// Draws how long it took, on a scale of tens, orders above reads.
pub(super) fn latency(report: &Report) -> String {
    let mut drawing = Drawing::begin(length(report), "How long it took, from when they came");
    drawing.rounds(report);
    let strips: [Strip<Window, Option<[f64; 2]>>; 2] = [
        ("orders", |window| window.writes),
        ("reads", |window| window.reads),
    ];
    for (number, (name, of)) in strips.into_iter().enumerate() {
        let top = strip(number);
        drawing.frame(top, name);
        for (value, label) in DECADES {
            drawing.tick(top + height(value), label);
        }
        for (which, class) in [(1, "p99"), (0, "p50")] {
            let points = report
                .windows
                .iter()
                .map(|window| (window.at, of(window).map(|both| both[which])));
            drawing.line(top, class, points);
        }
    }
    drawing.end()
}

fn length(report: &Report) -> f64 {
    let last = report
        .rounds
        .iter()
        .map(|round| round.healed)
        .fold(0.0, f64::max);
    float(report.seconds.len()).max(last).max(1.0)
}

fn strip(number: usize) -> f64 {
    HEAD + float(number) * (STRIP + GAP)
}

/// How far below the top of its strip a time stands.
fn height(seconds: f64) -> f64 {
    let (least, most) = (DECADES[0].0.log10(), DECADES[DECADES.len() - 1].0.log10());
    let share = (seconds.max(DECADES[0].0).log10() - least) / (most - least);
    STRIP * (1.0 - share.clamp(0.0, 1.0))
}

impl Drawing {
    fn begin(length: f64, title: &str) -> Self {
        let high = strip(1) + STRIP + FOOT;
        let wide = LEFT + WIDTH + 26.0;
        let mut drawing = Self {
            text: String::new(),
            length,
        };
        drawing.add(format_args!(
            "<svg viewBox=\"0 0 {wide} {high}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>"
        ));
        drawing
    }

    fn add(&mut self, words: std::fmt::Arguments<'_>) {
        // Into memory.
        let _ = writeln!(self.text, "{words}");
    }

    fn x(&self, second: f64) -> f64 {
        LEFT + WIDTH * (second / self.length).clamp(0.0, 1.0)
    }

    /// Shades what lies between a blow and its healing, and numbers it; the lighter part is until all was as before.
    fn rounds(&mut self, report: &Report) {
        let (top, high) = (HEAD - 24.0, strip(1) + STRIP - HEAD + 24.0);
        let mut last = f64::MIN;
        for round in &report.rounds {
            let over = round.healed + round.recovered_after.unwrap_or_default();
            for (class, from, to) in [
                ("struck", round.at, round.healed),
                ("mending", round.healed, over),
            ] {
                let (from, to) = (self.x(from), self.x(to));
                self.add(format_args!(
                    "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{high}\"><title>{}: {}</title></rect>",
                    (to - from).max(0.5),
                    round.number,
                    super::html::escaped(&round.what),
                ));
            }
            let middle = self.x(f64::midpoint(round.at, round.healed));
            let number = round.number.to_string();
            let half = DIGIT * float(number.len()) / 2.0;
            // Numbers that would lie on each other are left out; the table has all.
            if middle - half > last {
                self.add(format_args!(
                    "<text class=\"number\" x=\"{middle:.1}\" y=\"{}\">{number}</text>",
                    HEAD - 30.0,
                ));
                last = middle + half;
            }
        }
    }

    fn frame(&mut self, top: f64, name: &str) {
        let right = LEFT + WIDTH;
        let bottom = top + STRIP;
        self.add(format_args!(
            "<text class=\"strip\" x=\"{LEFT}\" y=\"{:.1}\">{name}</text>",
            top - 6.0
        ));
        self.add(format_args!(
            "<path class=\"axis\" d=\"M{LEFT} {top}V{bottom}H{right}\"/>"
        ));
        let step = STEPS.into_iter().find(|step| self.length / step <= 12.0);
        let step = step.unwrap_or(7_200.0);
        let mut at = 0.0;
        while at <= self.length {
            let x = self.x(at);
            self.add(format_args!(
                "<path class=\"axis\" d=\"M{x:.1} {bottom}v4\"/><text class=\"time\" x=\"{x:.1}\" y=\"{}\">{:.0}:{:02.0}</text>",
                bottom + 16.0,
                (at / 60.0).floor(),
                at % 60.0
            ));
            at += step;
        }
    }

    fn tick(&mut self, y: f64, label: &str) {
        let right = LEFT + WIDTH;
        self.add(format_args!(
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>"
        ));
        self.add(format_args!(
            "<text class=\"label\" x=\"{}\" y=\"{:.1}\">{label}</text>",
            LEFT - 7.0,
            y + 4.0
        ));
    }

    /// A bar of full height: at once below, late above it, failed on top.
    fn bar(&mut self, top: f64, at: f64, seconds: f64, share: Share) {
        let all = share.all();
        if all == 0 {
            return;
        }
        let (from, to) = (self.x(at), self.x(at + seconds));
        let mut bottom = top + STRIP;
        for (class, count) in [
            ("once", share.at_once),
            ("late", share.late),
            ("failed", share.failed),
        ] {
            let high = STRIP * float(count) / float(all);
            bottom -= high;
            if count > 0 {
                self.add(format_args!(
                    "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{bottom:.1}\" width=\"{:.1}\" height=\"{high:.1}\"/>",
                    (to - from).max(0.4) + 0.15
                ));
            }
        }
    }

    /// A line through `points`, broken where there are none.
    fn line(&mut self, top: f64, class: &str, points: impl Iterator<Item = (f64, Option<f64>)>) {
        let (mut path, mut pen) = (String::new(), 'M');
        for (at, value) in points {
            let Some(value) = value else {
                pen = 'M';
                continue;
            };
            // Into memory.
            let _ = write!(path, "{pen}{:.1} {:.1}", self.x(at), top + height(value));
            pen = 'L';
        }
        self.add(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    fn end(mut self) -> String {
        self.text += "</svg>";
        self.text
    }
}

/// A count, as a coordinate.
fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
