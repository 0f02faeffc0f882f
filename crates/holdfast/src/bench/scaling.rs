//! Replays a day of a shop in virtual time, scaled ahead of the load and behind it. No clock and no machine has a part in it:
//! the same day has the same figures everywhere.

mod day;
mod plot;
mod replay;

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use comfy_table::{Table, presets::ASCII_MARKDOWN};

use crate::say;
use day::Day;
use replay::{EACH, Foresight, Outcome, Policy, START, replay};

/// By how much the share is raised that reactive scaling gives an instance, until it takes no more than the forecast.
const FINER: f64 = 0.005;

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Seconds in which the objective was missed.
    pub missed: u32,
    /// Hours of all instances together.
    pub hours: f64,
}

/// The same day, three times.
#[derive(Debug, Clone, Copy)]
pub struct Compared {
    /// By the forecast, and the load that is there.
    pub ahead: Figures,
    /// By the load that is there, with the reserve that we keep where there is no forecast.
    pub reactive: Figures,
    /// By the load that is there, with the reserve at which it takes as many instance-hours as the forecast, or a little more.
    pub matched: Figures,
}

/// Replays the day, prints the table, and draws it at `plot`, where that is given.
///
/// # Errors
/// When the plot cannot be written.
pub fn scaling(plot: Option<&Path>) -> anyhow::Result<()> {
    let replayed = Replayed::new();
    say::line(replayed.table());
    if let Some(path) = plot {
        let drawn = plot::draw(&replayed.day, &replayed.ahead, &replayed.matched.1);
        fs::write(path, drawn).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Replays the day, and tells what came of it.
pub fn compare() -> Compared {
    let Replayed {
        ahead,
        reactive,
        matched: (_, matched),
        ..
    } = Replayed::new();
    let figures = |outcome: &Outcome| Figures {
        missed: outcome.missed,
        hours: outcome.hours,
    };
    Compared {
        ahead: figures(&ahead),
        reactive: figures(&reactive),
        matched: figures(&matched),
    }
}

struct Replayed {
    day: Day,
    foresight: Foresight,
    ahead: Outcome,
    reactive: Outcome,
    matched: (f64, Outcome),
}

impl Replayed {
    fn new() -> Self {
        let day = Day::replayed();
        let foresight = Foresight::of(&day);
        let by = |policy| replay(&day, &foresight, policy);
        let ahead = by(Policy::Forecast);
        let reactive = by(Policy::Reactive);
        let shares = (1_i32..200).map(|finer| 1.0 - FINER * f64::from(finer));
        let mut tried = shares.map(|share| (share, by(Policy::Share(share))));
        let matched = tried.find(|(_, outcome)| outcome.hours >= ahead.hours);
        Self {
            matched: matched.unwrap_or_else(|| (0.0, reactive.clone())),
            day,
            foresight,
            ahead,
            reactive,
        }
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_preset(ASCII_MARKDOWN);
        table.set_header([
            "scaled by",
            "missed, s",
            "refused",
            "instance-hours",
            "most",
        ]);
        let share = |share: f64| format!("load, {:.1} % of an instance", share * 100.0);
        for (name, outcome) in [
            ("forecast and load".to_owned(), &self.ahead),
            (share(self.matched.0), &self.matched.1),
            (share(control::domain::desired::ALONE), &self.reactive),
        ] {
            let most = outcome.running.iter().max().copied().unwrap_or(0);
            table.add_row([
                name,
                outcome.missed.to_string(),
                format!("{:.0}", outcome.refused),
                format!("{:.1}", outcome.hours),
                most.to_string(),
            ]);
        }
        let score = self.foresight.score;
        format!(
            "{table}\n\nOne instance answers {EACH} requests a second and takes {START} s to start. Predictions, made 5 minutes to an hour before, missed by {:.1} requests a second in the middle, {:.1} % of the load.",
            score.mean,
            score.share * 100.0
        )
    }
}
