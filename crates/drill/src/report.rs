//! What is told of a drill: the verdict first, and all by which a doubter can judge it.

mod chart;
mod html;
mod markdown;
mod series;
mod waits;

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

pub use self::series::{Second, Share, Window, seconds, windows};
pub use self::waits::waited;

/// All that is told of a drill.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// What speaks against it; nothing, where it is passed.
    pub against: Vec<String>,
    /// When it began; RFC 3339, UTC.
    pub began: String,
    /// How many seconds it took, from the first customer to the last check.
    pub took: f64,
    /// What its course came from.
    pub seed: u64,
    /// What does all of it again.
    pub command: String,
    /// The machine, in pairs of a name and a value.
    pub machine: Vec<(String, String)>,
    /// What ran, likewise.
    pub versions: Vec<(String, String)>,
    /// How it ran, likewise.
    pub configuration: Vec<(String, String)>,
    /// In numbers.
    pub totals: Totals,
    /// What was done, blow by blow.
    pub rounds: Vec<Struck>,
    /// What was checked, and found.
    pub checks: Vec<Checked>,
    /// What was not done, and why not.
    pub not_run: Vec<(String, String)>,
    /// What customers had, second by second.
    pub seconds: Vec<Second>,
    /// How long it took them, over windows of some seconds.
    pub windows: Vec<Window>,
}

/// A drill in numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    /// How many came.
    pub came: usize,
    /// How many orders were acknowledged.
    pub acknowledged: usize,
    /// Acknowledged, and not stored.
    pub lost: usize,
    /// Keys with two orders, and orders without a key.
    pub doubled: usize,
    /// Products of which more were sold than there were.
    pub oversold: usize,
    /// Own reads that were older than what their reader knew.
    pub stale: usize,
    /// How many own reads there were.
    pub own_reads: usize,
    /// Keys of which nobody knew for a while whether they are an order.
    pub unknown: usize,
    /// How many of them were sent again at the end, since their customer had given up.
    pub replayed: usize,
    /// Faults that were claimed to be detected.
    pub faults: usize,
    /// Those of them that were, once, and are closed.
    pub closed: usize,
    /// How many grants of the lock there were.
    pub grants: usize,
    /// Late writes that the lock's resource refused.
    pub fenced: usize,
}

/// A round, as it went.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Struck {
    /// Which one, from 1.
    pub number: usize,
    /// What fell.
    pub what: String,
    /// What it fell on, by name.
    pub parts: Vec<String>,
    /// When, in seconds from the first customer.
    pub at: f64,
    /// When it was healed.
    pub healed: f64,
    /// How long after that all was as before; nothing, where it never was.
    pub recovered_after: Option<f64>,
    /// Whether the ledger of faults is claimed to have it.
    pub claimed: bool,
    /// How long it took until the ledger had it, from its beginning on.
    pub detected_after: Option<f64>,
    /// What the ledger has of it, in words.
    pub ledger: Vec<String>,
    /// For how many seconds no order was taken.
    pub writes_out: f64,
    /// For how long that may be; it fails beyond three times this.
    pub writes_goal: f64,
    /// For how many seconds somebody waited for a look, and none was answered.
    pub reads_out: f64,
    /// How many looks no door answered.
    pub unread: usize,
    /// How many orders that were acknowledged meanwhile are not stored.
    pub lost: usize,
    /// How many are stored twice.
    pub doubled: usize,
    /// Keys of which nobody knew for a while whether they are an order.
    pub unknown: usize,
    /// What went wrong with the round itself.
    pub wrong: Vec<String>,
}

/// Something that was checked.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// What has to hold.
    pub what: String,
    /// What was looked at.
    pub over: String,
    /// Where it does not hold, in words.
    pub found: Vec<String>,
}

impl Struck {
    /// How long looks were out, and how many failed.
    fn reads(&self) -> String {
        let failed = match self.unread {
            0 => String::new(),
            count => format!(", {count} failed"),
        };
        format!("{:.1} s{failed}", self.reads_out)
    }
}

impl Report {
    /// Whether it is passed.
    pub fn passed(&self) -> bool {
        self.against.is_empty()
    }

    /// Judges it, by what was checked and how each round went.
    pub fn judge(&mut self) {
        let checks = self.checks.iter().filter(|check| !check.found.is_empty());
        let checks = checks.map(|check| {
            let first = &check.found[0];
            format!(
                "{}: broken in {} places, first: {first}",
                check.what,
                check.found.len()
            )
        });
        let rounds = self.rounds.iter().flat_map(|round| {
            let name = format!("{} ({})", round.what, round.number);
            round
                .wrong
                .iter()
                .map(move |wrong| format!("{name}: {wrong}"))
        });
        let mut against: Vec<String> = checks.chain(rounds).collect();
        if self.rounds.is_empty() {
            against.push("nothing was done to it".to_owned());
        }
        if self.totals.acknowledged == 0 {
            against.push("no order was acknowledged".to_owned());
        }
        self.against = against;
    }

    /// Writes `index.html`, `report.json` and `summary.md` into `folder`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let json = serde_json::to_string_pretty(self)?;
        let files = [
            ("index.html", html::page(self)),
            ("report.json", json),
            ("summary.md", self.summary()),
        ];
        for (name, text) in files {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    /// A page of it in Markdown.
    pub fn summary(&self) -> String {
        markdown::page(self)
    }

    /// Its most important numbers, each with what it counts.
    fn tiles(&self) -> Vec<(String, &'static str, bool)> {
        let totals = &self.totals;
        let zero = |count: usize, what| (count.to_string(), what, count == 0);
        vec![
            (
                totals.acknowledged.to_string(),
                "orders acknowledged",
                totals.acknowledged > 0,
            ),
            zero(totals.lost, "lost"),
            zero(totals.doubled, "doubled"),
            zero(totals.oversold, "oversold"),
            zero(totals.stale, "stale own reads"),
            (
                format!("{} of {}", totals.closed, totals.faults),
                "faults detected, recorded, closed",
                totals.closed == totals.faults,
            ),
        ]
    }
}

#[cfg(test)]
mod tests;
