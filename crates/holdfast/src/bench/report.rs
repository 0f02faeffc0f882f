//! What the bench prints.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

/// One side of one round.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    /// Confirmed orders per second.
    pub(crate) rate: f64,
    /// Microseconds of CPU per order, by process.
    pub(crate) cpu: Vec<(&'static str, f64)>,
    /// Jobs in a transaction, by group.
    pub(crate) groups: Vec<(String, f64)>,
}

/// All rounds of one shape of load, both sides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// `uniform` or `one hot product`.
    pub(crate) name: &'static str,
    /// Holdfast's rounds.
    pub(crate) ours: Vec<Round>,
    /// The baseline's.
    pub(crate) baseline: Vec<Round>,
}

/// A median with its extremes.
pub(super) struct Spread {
    pub(super) median: f64,
    low: f64,
    high: f64,
}

impl Round {
    fn total(&self) -> f64 {
        self.cpu.iter().map(|(_, micros)| micros).sum()
    }
}

pub(super) fn spread(figures: impl Iterator<Item = f64>) -> Spread {
    let mut all: Vec<f64> = figures.collect();
    all.sort_by(f64::total_cmp);
    match (all.first(), all.last()) {
        (Some(&low), Some(&high)) => Spread {
            median: all[all.len() / 2],
            low,
            high,
        },
        _ => Spread {
            median: f64::NAN,
            low: f64::NAN,
            high: f64::NAN,
        },
    }
}

/// The table of one shape, with its two ratios below.
pub(crate) fn render(shape: &Shape) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["per order", "Holdfast", "baseline", "baseline / Holdfast"]);
    let names: Vec<&str> = shape
        .ours
        .first()
        .map(|round| round.cpu.iter().map(|(name, _)| *name).collect())
        .unwrap_or_default();
    for (index, name) in names.iter().enumerate() {
        let of = |rounds: &[Round]| spread(rounds.iter().map(|round| round.cpu[index].1));
        add(
            &mut table,
            &format!("{name}, us of CPU"),
            &of(&shape.ours),
            &of(&shape.baseline),
            false,
        );
    }
    let (ours, theirs) = (
        spread(shape.ours.iter().map(Round::total)),
        spread(shape.baseline.iter().map(Round::total)),
    );
    add(&mut table, "all, us of CPU", &ours, &theirs, false);
    let (fast, slow) = (
        spread(shape.ours.iter().map(|r| r.rate)),
        spread(shape.baseline.iter().map(|r| r.rate)),
    );
    add(&mut table, "orders per second", &fast, &slow, true);
    format!("{}\n{table}\n{}", shape.name, grouped(&shape.ours))
}

/// How many jobs shared a transaction of ours, in the last round.
fn grouped(rounds: &[Round]) -> String {
    let sizes = rounds.last().into_iter().flat_map(|round| &round.groups);
    let sizes: Vec<String> = sizes
        .map(|(name, size)| format!("{name} {size:.1}"))
        .collect();
    format!("jobs in a transaction: {}", sizes.join(", "))
}

fn add(table: &mut Table, name: &str, ours: &Spread, theirs: &Spread, more_is_better: bool) {
    let ratio = if more_is_better {
        ours.median / theirs.median
    } else {
        theirs.median / ours.median
    };
    table.add_row([
        name.to_owned(),
        show(ours),
        show(theirs),
        format!("{ratio:.1}"),
    ]);
}

pub(super) fn show(spread: &Spread) -> String {
    format!(
        "{:.0} ({:.0} to {:.0})",
        spread.median, spread.low, spread.high
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_says_how_many_times_better_ours_is() {
        let round = |rate, cpu| Round {
            rate,
            cpu: vec![("order", cpu)],
            groups: Vec::new(),
        };
        let shape = Shape {
            name: "uniform",
            ours: vec![round(500.0, 200.0)],
            baseline: vec![round(100.0, 1600.0)],
        };

        let text = render(&shape);

        assert!(text.contains("8.0") && text.contains("5.0"), "{text}");
    }
}
