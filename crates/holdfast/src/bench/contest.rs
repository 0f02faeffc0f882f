//! Several ways to do the same, in turn, and what one operation costs by each.

use std::time::{Duration, Instant};

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use futures::future::LocalBoxFuture;

use super::cpu;
use super::figure::spread;

/// Does it over and over until a moment, and answers how often.
type Work<'a> = Box<dyn Fn(Instant) -> LocalBoxFuture<'a, anyhow::Result<u64>> + 'a>;

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
            let done = (way.work)(began + turns.turn).await?;
            let took = began.elapsed();
            anyhow::ensure!(done > 0, "{}: nothing was done in {took:?}", way.name);
            #[allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
            let done = done as f64;
            let each = |used: Duration| used.as_secs_f64() * 1e6 / done;
            found.cost.push(each(way.used().saturating_sub(before)));
            found
                .alone
                .push(each(way.used_alone().saturating_sub(alone)));
            found.rate.push(done / took.as_secs_f64());
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
    table.set_header([what, "us of CPU each", "times the first", "a second"]);
    let first = ways.first().map(|(_, rounds)| &rounds.cost);
    let first = spread(first.cloned().unwrap_or_default()).median;
    for (name, rounds) in ways {
        let cost = spread(rounds.cost.clone());
        table.add_row([
            (*name).to_owned(),
            cost.to_string(),
            format!("{:.2}", cost.median / first),
            spread(rounds.rate.clone()).to_string(),
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
}

impl<'a> Way<'a> {
    /// A way of this name, whose cost is that of the processes `of`, and of their descendants.
    pub(super) fn new(
        name: &'static str,
        of: Vec<u32>,
        work: impl Fn(Instant) -> LocalBoxFuture<'a, anyhow::Result<u64>> + 'a,
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

    /// A way that works for `micros` of CPU each time.
    fn busy(name: &'static str, micros: u64) -> Way<'static> {
        let work = move |until| -> LocalBoxFuture<'static, anyhow::Result<u64>> {
            Box::pin(async move {
                let mut done = 0;
                while Instant::now() < until {
                    let end = Instant::now() + Duration::from_micros(micros);
                    while Instant::now() < end {
                        std::hint::spin_loop();
                    }
                    done += 1;
                }
                Ok(done)
            })
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
    }
}
