//! Says what became slower than in another build, beyond the spread of either and by some percent.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::Context as _;
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use stack::Folder;
use tokio::process::Command;

use super::figure::{Spread, Unit, spread};
use super::results::{self, Line};
use crate::say;

/// What differs by less, beyond the spread of either, is taken for chance: two equal builds do so too.
const LEAST: f64 = 0.05;

/// What is compared with what.
#[derive(Debug, Args)]
pub struct Compare {
    /// The program `holdfast` of the other build.
    #[arg(long)]
    base: PathBuf,
    /// Which benches, commas between several.
    #[arg(long, value_delimiter = ',', default_value = "order,costs")]
    what: Vec<String>,
    /// How often each of both measures.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=100))]
    times: u32,
    /// How many seconds a turn takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// What both builds found of one thing, run by run.
#[derive(Clone, Debug)]
struct Pair {
    unit: Unit,
    base: Vec<f64>,
    ours: Vec<f64>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The best of ours is worse than the worst of the other's, by more than a little.
    Worse,
    /// The worst of ours is better than the best of the other's, likewise.
    Better,
    /// What differs may be chance.
    Same,
    /// Only one of both measures it.
    Alone,
}

/// Has both builds measure in turn, and tells what became worse; fails where something did.
///
/// # Errors
/// When one of them cannot measure.
pub(super) async fn run(asked: &Compare) -> anyhow::Result<ExitCode> {
    let folder = Folder::scratch()?;
    let own = std::env::current_exe()?;
    let mut pairs = BTreeMap::new();
    for turn in 1..=asked.times {
        for what in &asked.what {
            // The first of a turn has the warmer machine in every other one.
            let mut sides = [(&asked.base, false), (&own, true)];
            if turn % 2 == 0 {
                sides.reverse();
            }
            for (program, is_ours) in sides {
                let side = if is_ours { "ours" } else { "base" };
                say::line(format_args!("{what}, {side}, {turn} of {}", asked.times));
                let json = folder.path().join("figures.json");
                measure(program, what, asked.seconds, &json).await?;
                add(&mut pairs, results::read(&json)?, is_ours);
            }
        }
    }
    say::line(draw(&pairs));
    say::line(format_args!(
        "WORSE, better: all runs of one beyond all of the other's, by {:.0} % and more",
        LEAST * 100.0
    ));
    let worse = pairs.values().any(|pair| pair.verdict() == Verdict::Worse);
    Ok(ExitCode::from(u8::from(worse)))
}

async fn measure(program: &Path, what: &str, seconds: u64, json: &Path) -> anyhow::Result<()> {
    let seconds = seconds.to_string();
    let ended = Command::new(program)
        .args(["bench", what, "--rounds", "1", "--seconds", &seconds])
        .arg("--json")
        .arg(json)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await
        .with_context(|| program.display().to_string())?;
    anyhow::ensure!(ended.success(), "{}: {ended}", program.display());
    Ok(())
}

fn add(pairs: &mut BTreeMap<String, Pair>, lines: Vec<Line>, is_ours: bool) {
    for line in lines {
        // What is measured beside several peers has a line for each.
        let peer = line.peer.map(|peer| format!(" (beside {})", peer.name));
        let what = line.what + &peer.unwrap_or_default();
        let pair = pairs.entry(what).or_insert_with(|| Pair {
            unit: line.unit,
            base: Vec::new(),
            ours: Vec::new(),
        });
        let side = if is_ours {
            &mut pair.ours
        } else {
            &mut pair.base
        };
        side.push(line.ours);
    }
}

impl Pair {
    fn verdict(&self) -> Verdict {
        let (base, ours) = self.spreads();
        if self.base.is_empty() || self.ours.is_empty() {
            return Verdict::Alone;
        }
        let more = ours.low > base.high * (1.0 + LEAST);
        let less = ours.high < base.low * (1.0 - LEAST);
        match (more, less, self.unit.more_is_better()) {
            (true, _, true) | (_, true, false) => Verdict::Better,
            (true, _, false) | (_, true, true) => Verdict::Worse,
            _ => Verdict::Same,
        }
    }

    fn spreads(&self) -> (Spread, Spread) {
        (spread(self.base.clone()), spread(self.ours.clone()))
    }
}

fn draw(pairs: &BTreeMap<String, Pair>) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["what", "base", "ours", "times", ""]);
    for (what, pair) in pairs {
        let (base, ours) = pair.spreads();
        table.add_row([
            format!("{what}, {}", pair.unit.name()),
            base.to_string(),
            ours.to_string(),
            format!("{:.2}", ours.median / base.median),
            match pair.verdict() {
                Verdict::Worse => "WORSE",
                Verdict::Better => "better",
                Verdict::Same => "no more than chance",
                Verdict::Alone => "measured by one only",
            }
            .to_owned(),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(unit: Unit, base: &[f64], ours: &[f64]) -> Verdict {
        let (base, ours) = (base.to_vec(), ours.to_vec());
        Pair { unit, base, ours }.verdict()
    }

    #[test]
    fn what_takes_more_beyond_the_spread_is_worse() {
        let verdict = pair(Unit::Cpu, &[100.0, 104.0, 98.0], &[110.0, 115.0, 112.0]);

        assert_eq!(verdict, Verdict::Worse);
    }

    #[test]
    fn what_is_beyond_the_spread_by_a_little_is_the_same() {
        let base = [100.0, 104.0, 98.0];

        assert_eq!(
            pair(Unit::Cpu, &base, &[105.0, 110.0, 107.0]),
            Verdict::Same
        );
        assert_eq!(pair(Unit::Cpu, &base, &[97.0, 95.0, 94.0]), Verdict::Same);
        assert_eq!(pair(Unit::Rate, &base, &[97.0, 95.0, 94.0]), Verdict::Same);
    }

    #[test]
    fn what_differs_less_than_its_own_runs_do_is_the_same() {
        let verdict = pair(Unit::Cpu, &[100.0, 120.0, 98.0], &[119.0, 125.0, 130.0]);

        assert_eq!(verdict, Verdict::Same);
    }

    #[test]
    fn more_in_a_second_is_better() {
        assert_eq!(
            pair(Unit::Rate, &[100.0, 104.0], &[110.0, 115.0]),
            Verdict::Better
        );
        assert_eq!(
            pair(Unit::Rate, &[110.0, 115.0], &[100.0, 104.0]),
            Verdict::Worse
        );
    }

    #[test]
    fn what_the_other_build_does_not_measure_is_not_judged() {
        assert_eq!(pair(Unit::Rate, &[], &[100.0]), Verdict::Alone);
    }
}
