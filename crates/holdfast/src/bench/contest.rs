//! Several ways to do the same, in turn, and what one operation costs by each.

use std::time::{Duration, Instant};

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use futures::future::LocalBoxFuture;

use super::cpu;
use super::report::{Spread, show, spread};

/// Does it over and over until a moment, and answers how often.
type Work<'a> = Box<dyn Fn(Instant) -> LocalBoxFuture<'a, anyhow::Result<u64>> + 'a>;

/// One way to do it.
pub(super) struct Way<'a> {
    /// What the table calls it.
    pub(super) name: &'static str,
    /// The processes whose CPU is counted, and that of their descendants.
    pub(super) of: Vec<u32>,
    /// Whether this process' own CPU is counted too: it is the client of what is measured.
    pub(super) own: bool,
    /// Does it.
    pub(super) work: Work<'a>,
}

/// How often each has its turn, and how long a turn takes.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    /// How often.
    pub rounds: usize,
    /// How long.
    pub turn: Duration,
}

/// Lets all of `ways` have their turns at `what`, and draws the table; the first of them is what the others are compared with.
///
/// # Errors
/// When one of them fails.
pub(super) async fn contest(what: &str, turns: Turns, ways: &[Way<'_>]) -> anyhow::Result<String> {
    let mut figures = vec![(Vec::new(), Vec::new()); ways.len()];
    // Not counted: connections are opened, and what is kept is kept.
    for way in ways {
        (way.work)(Instant::now() + turns.turn / 4).await?;
    }
    for _ in 0..turns.rounds {
        for (way, (costs, rates)) in ways.iter().zip(&mut figures) {
            let (before, began) = (way.used(), Instant::now());
            let done = (way.work)(began + turns.turn).await?;
            let (used, took) = (way.used().saturating_sub(before), began.elapsed());
            anyhow::ensure!(done > 0, "{}: nothing was done in {took:?}", way.name);
            #[allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
            let done = done as f64;
            costs.push(used.as_secs_f64() * 1e6 / done);
            rates.push(done / took.as_secs_f64());
        }
    }
    Ok(draw(what, ways, figures))
}

fn draw(what: &str, ways: &[Way<'_>], figures: Vec<(Vec<f64>, Vec<f64>)>) -> String {
    let figures: Vec<(Spread, Spread)> = figures
        .into_iter()
        .map(|(costs, rates)| (spread(costs.into_iter()), spread(rates.into_iter())))
        .collect();
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([what, "us of CPU each", "times the first", "a second"]);
    for (way, (cost, rate)) in ways.iter().zip(&figures) {
        table.add_row([
            way.name.to_owned(),
            show(cost),
            format!("{:.2}", cost.median / figures[0].0.median),
            show(rate),
        ]);
    }
    table.to_string()
}

impl Way<'_> {
    fn used(&self) -> Duration {
        let others: Duration = self.of.iter().map(|pid| cpu::used(*pid)).sum();
        if self.own {
            others + cpu::own()
        } else {
            others
        }
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
        Way {
            name,
            of: Vec::new(),
            own: true,
            work: Box::new(work),
        }
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
        let long = table.lines().find(|line| line.contains("long")).unwrap();
        let times: f64 = long.split('┆').nth(2).unwrap().trim().parse().unwrap();
        assert!(times > 4.0, "{table}");
    }
}
