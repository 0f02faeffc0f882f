//! What the bench prints of orders.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::figure::{Spread, spread};
use super::scene::Side;

/// One side of one round.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    /// Confirmed orders per second.
    pub(crate) rate: f64,
    /// Milliseconds that 99 of a hundred orders took at most.
    pub(crate) p99: f64,
    /// Microseconds of CPU per order, by process.
    pub(crate) cpu: Vec<(&'static str, f64)>,
    /// Jobs in a transaction, by group.
    pub(crate) groups: Vec<(String, f64)>,
}

/// All rounds of one shape of load, every side.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    name: &'static str,
    /// How many products are ordered.
    pub(crate) products: usize,
    rounds: Vec<(Side, Round)>,
}

impl Round {
    /// Of every process.
    pub(crate) fn total(&self) -> f64 {
        self.cpu.iter().map(|(_, micros)| micros).sum()
    }

    /// Of both servers of Postgres.
    pub(crate) fn postgres(&self) -> f64 {
        let both = self
            .cpu
            .iter()
            .filter(|(name, _)| name.starts_with("Postgres"));
        both.map(|(_, micros)| micros).sum()
    }
}

impl Shape {
    pub(crate) fn of(name: &'static str, products: usize) -> Self {
        Self {
            name,
            products,
            rounds: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, side: Side, round: Round) {
        self.rounds.push((side, round));
    }

    /// The rounds of one side.
    pub(crate) fn rounds(&self, side: Side) -> impl Iterator<Item = &Round> {
        let its = self.rounds.iter().filter(move |(of, _)| *of == side);
        its.map(|(_, round)| round)
    }

    /// Its table.
    pub(crate) fn render(&self) -> String {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED);
        let names = Side::ALL.iter().map(|side| side.name());
        table.set_header(
            ["per order"]
                .into_iter()
                .chain(names)
                .chain(["baseline / Holdfast"]),
        );
        let first = self.rounds(Side::Ours).next();
        let processes = first.map_or(&[][..], |round| &round.cpu);
        for (index, (name, _)) in processes.iter().enumerate() {
            let of = |round: &Round| round.cpu[index].1;
            self.row(&mut table, &format!("{name}, us of CPU"), of);
        }
        self.row(&mut table, "all, us of CPU", Round::total);
        self.row(&mut table, "orders per second", |round| round.rate);
        self.row(&mut table, "p99, ms", |round| round.p99);
        format!("{}\n{table}\n{}", self.name, self.grouped())
    }

    fn row(&self, table: &mut Table, name: &str, of: impl Fn(&Round) -> f64) {
        let each = |side| spread(self.rounds(side).map(&of));
        let times = each(Side::Baseline).median / each(Side::Ours).median;
        let cells = Side::ALL.iter().map(|side| Spread::to_string(&each(*side)));
        table.add_row(
            [name.to_owned()]
                .into_iter()
                .chain(cells)
                .chain([format!("{times:.2}")]),
        );
    }

    /// How many jobs shared a transaction of ours, in the last round.
    fn grouped(&self) -> String {
        let last = self.rounds(Side::Ours).last();
        let sizes = last.into_iter().flat_map(|round| &round.groups);
        let sizes: Vec<String> = sizes
            .map(|(name, size)| format!("{name} {size:.1}"))
            .collect();
        format!("jobs in a transaction: {}", sizes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_says_how_many_times_better_ours_is() {
        let round = |rate, cpu| Round {
            rate,
            p99: 30.0,
            cpu: vec![("order", cpu)],
            groups: Vec::new(),
        };
        let mut shape = Shape::of("uniform", 200);
        shape.add(Side::Ours, round(500.0, 200.0));
        shape.add(Side::Baseline, round(100.0, 1600.0));

        let text = shape.render();

        assert!(text.contains("8.00") && text.contains("0.20"), "{text}");
    }
}
