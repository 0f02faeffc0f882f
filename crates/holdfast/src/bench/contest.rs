//! Several ways to do the same, in turn, and what one operation costs by each.

use std::time::{Duration, Instant};

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use futures::future::LocalBoxFuture;

use super::cpu;
use super::figure::{Figure, Unit, spread};
use super::took::Took;

/// Does it over and over until a moment, and answers how long each took.
pub(super) type Turn<'a> = LocalBoxFuture<'a, anyhow::Result<Took>>;

type Work<'a> = Box<dyn Fn(Instant) -> Turn<'a> + 'a>;

/// One way to do it.
pub(super) struct Way<'a> {
    name: &'static str,
    of: Vec<u32>,
    alone: Vec<u32>,
    own: bool,
    work: Work<'a>,
}

/// What each way was found to cost, round by round.
pub(super) struct Contest {
    /// All of it, drawn.
    pub(super) table: String,
    ways: Vec<(&'static str, Rounds)>,
}

/// What one way was found to cost, round by round.
#[derive(Clone, Debug, Default)]
pub(super) struct Rounds {
    /// Microseconds of CPU for each.
    pub(super) cost: Vec<f64>,
    /// Of these, those of the processes that are told by themselves.
    pub(super) alone: Vec<f64>,
    /// How many in a second.
    pub(super) rate: Vec<f64>,
    /// Milliseconds that 99 of a hundred took at most.
    pub(super) p99: Vec<f64>,
}

/// How often each has its turn, and how long a turn takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    /// How often.
    pub(super) rounds: usize,
    /// How long.
    pub(super) turn: Duration,
}

/// Lets all of `ways` have their turns at `what`; in the table the first of them is what the others are compared with.
///
/// # Errors
/// When one of them fails.
pub(super) async fn contest(what: &str, turns: Turns, ways: &[Way<'_>]) -> anyhow::Result<Contest> {
    let mut found = vec![Rounds::default(); ways.len()];
    // Not counted: connections are opened, and what is kept is kept.
    for way in ways {
        (way.work)(Instant::now() + turns.turn / 4).await?;
    }
    for _ in 0..turns.rounds {
        for (way, found) in ways.iter().zip(&mut found) {
            let (before, alone, began) = (way.used(), way.used_alone(), Instant::now());
            let took = (way.work)(began + turns.turn).await?;
            let time = began.elapsed();
            anyhow::ensure!(
                took.count() > 0,
                "{}: nothing was done in {time:?}",
                way.name
            );
            #[allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
            let done = took.count() as f64;
            let each = |used: Duration| used.as_secs_f64() * 1e6 / done;
            found.cost.push(each(way.used().saturating_sub(before)));
            found
                .alone
                .push(each(way.used_alone().saturating_sub(alone)));
            found.rate.push(done / time.as_secs_f64());
            found.p99.push(took.p99());
        }
    }
    let ways: Vec<_> = ways.iter().map(|way| way.name).zip(found).collect();
    Ok(Contest {
        table: draw(what, &ways),
        ways,
    })
}

fn draw(what: &str, ways: &[(&str, Rounds)]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([
        what,
        "us of CPU each",
        "times the first",
        "a second",
        "p99, ms",
    ]);
    let first = ways.first().map(|(_, rounds)| &rounds.cost);
    let first = spread(first.cloned().unwrap_or_default()).median;
    for (name, rounds) in ways {
        let cost = spread(rounds.cost.clone());
        table.add_row([
            (*name).to_owned(),
            cost.to_string(),
            format!("{:.2}", cost.median / first),
            spread(rounds.rate.clone()).to_string(),
            spread(rounds.p99.clone()).to_string(),
        ]);
    }
    table.to_string()
}

impl Contest {
    /// What the way of this name was found to cost; nothing, where it had no turn.
    pub(super) fn by(&self, name: &str) -> Rounds {
        let found = self.ways.iter().find(|(known, _)| *known == name);
        found.map(|(_, rounds)| rounds.clone()).unwrap_or_default()
    }

    /// What `ours` costs beside `peer`, under the name `what`, and what 99 of a hundred took at most.
    pub(super) fn beside(&self, what: &str, ours: &str, peer: &str) -> [Figure; 2] {
        let (ours, theirs) = (self.by(ours), self.by(peer));
        [
            Figure::of(what, Unit::Cpu, ours.cost).beside(peer, theirs.cost),
            Figure::of(format!("{what}, p99"), Unit::Time, ours.p99).beside(peer, theirs.p99),
        ]
    }
}

impl<'a> Way<'a> {
    /// A way of this name, whose cost is that of the processes `of`, and of their descendants.
    pub(super) fn new(
        name: &'static str,
        of: Vec<u32>,
        work: impl Fn(Instant) -> Turn<'a> + 'a,
    ) -> Self {
        Self {
            name,
            of,
            alone: Vec::new(),
            own: false,
            work: Box::new(work),
        }
    }

    /// The same, and this process' own CPU is counted too: it is the client of what is measured.
    pub(super) fn with_client(self) -> Self {
        Self { own: true, ..self }
    }

    /// The same, and what the processes `alone` cost is told by itself too.
    pub(super) fn telling(self, alone: Vec<u32>) -> Self {
        Self { alone, ..self }
    }

    fn used(&self) -> Duration {
        let own = self.own.then(cpu::own).unwrap_or_default();
        cpu::all(&self.of) + own
    }

    fn used_alone(&self) -> Duration {
        cpu::all(&self.alone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::took::over_and_over;

    /// A way that works for `micros` of CPU each time.
    fn busy(name: &'static str, micros: u64) -> Way<'static> {
        let work = move |until| -> Turn<'static> {
            Box::pin(over_and_over(until, async move || {
                let end = Instant::now() + Duration::from_micros(micros);
                while Instant::now() < end {
                    std::hint::spin_loop();
                }
                Ok(())
            }))
        };
        Way::new(name, Vec::new(), work).with_client()
    }

    #[tokio::test]
    async fn what_does_more_each_time_costs_more_times_the_first() {
        let turns = Turns {
            rounds: 1,
            turn: Duration::from_millis(400),
        };

        let table = contest(
            "spinning",
            turns,
            &[busy("short", 500), busy("long", 20_000)],
        )
        .await;

        let table = table.unwrap();
        let (short, long) = (table.by("short"), table.by("long"));
        let times = long.cost[0] / short.cost[0];
        assert!(times > 4.0, "{}", table.table);
        assert!(long.p99[0] >= 20.0, "{}", table.table);
    }
}
