//! All that a run found: a table with the targets, and the same as JSON.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::figure::{Figure, Measured, Spread, Target, Unit, spread};
use crate::{origin, say};

/// What a run found.
#[derive(Debug, Default)]
pub(crate) struct Results {
    figures: Vec<Figure>,
}

/// One figure as it is written down: what all benches have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) what: String,
    /// The median of the rounds.
    pub(crate) ours: f64,
    pub(crate) peer: Option<Peer>,
    pub(crate) unit: Unit,
    /// How many times the peer's ours is.
    pub(crate) ratio: Option<f64>,
    /// The lowest and the highest ratio, or figure where there is no peer.
    pub(crate) spread: Spread,
    pub(crate) target: Option<Target>,
    pub(crate) machine: String,
    pub(crate) revision: String,
    pub(crate) profile: String,
    pub(crate) date: String,
}

/// What a figure is compared with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) figure: f64,
}

impl Results {
    /// Shows the table of what was measured, and keeps its figures.
    pub(crate) fn take(&mut self, measured: Measured) {
        say::line(measured.table);
        self.figures.extend(measured.figures);
    }

    /// Shows all figures with their targets, and writes them to `json`, where that is given.
    ///
    /// # Errors
    /// When a figure is none, or the file cannot be written.
    pub(crate) fn tell(&self, json: Option<&Path>) -> anyhow::Result<()> {
        say::line(self.table());
        let lines = self.lines()?;
        if let Some(first) = lines.first() {
            say::line(format_args!(
                "{}; {}, {}; {}",
                first.machine, first.revision, first.profile, first.date
            ));
        }
        if let Some(path) = json {
            let text = serde_json::to_string_pretty(&lines)? + "\n";
            fs::write(path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    fn lines(&self) -> anyhow::Result<Vec<Line>> {
        let (machine, revision) = (origin::machine(), origin::revision());
        let revision = revision.unwrap_or_else(|| "unknown".to_owned());
        let profile = origin::profile();
        let date = OffsetDateTime::now_utc()
            .replace_nanosecond(0)?
            .format(&Rfc3339)?;
        let line = |figure: &Figure| {
            let (ours, ratio) = (spread(figure.ours.clone()), figure.ratio());
            let told = ratio.unwrap_or(ours);
            anyhow::ensure!(told.median.is_finite(), "{}: no figure", figure.what);
            Ok(Line {
                what: figure.what.clone(),
                ours: ours.median,
                peer: figure.peer.as_ref().map(|(name, rounds)| Peer {
                    name: name.clone(),
                    figure: spread(rounds.clone()).median,
                }),
                unit: figure.unit,
                ratio: ratio.map(|ratio| ratio.median),
                spread: told,
                target: figure.target,
                machine: machine.clone(),
                revision: revision.clone(),
                profile: profile.clone(),
                date: date.clone(),
            })
        };
        self.figures.iter().map(line).collect()
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED);
        table.set_header(["what", "Holdfast", "beside", "ratio", "target", ""]);
        for figure in &self.figures {
            let ratio = figure.ratio();
            table.add_row([
                format!("{}, {}", figure.what, figure.unit.name()),
                spread(figure.ours.clone()).to_string(),
                figure.peer.as_ref().map_or_else(String::new, |peer| {
                    format!("{}: {}", peer.0, spread(peer.1.clone()))
                }),
                ratio.map_or_else(String::new, |ratio| ratio.to_string()),
                figure
                    .target
                    .map_or_else(String::new, |target| target.to_string()),
                mark(ratio, figure.target).to_owned(),
            ]);
        }
        table.to_string()
    }
}

/// What the last column says.
fn mark(ratio: Option<Spread>, target: Option<Target>) -> &'static str {
    match (ratio, target) {
        (Some(ratio), Some(target)) if target.is_met(ratio.median) => "met",
        (Some(_), Some(_)) => "MISSED",
        _ => "",
    }
}

/// Reads what a run has written down.
///
/// # Errors
/// When there is no such file, or it holds something else.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(order: f64) -> Results {
        let order = Figure::of("an order", Unit::Cpu, vec![order])
            .beside("the same, written plainly", vec![800.0])
            .aims(Target::AtMost(0.125));
        let memory = Figure::of("a connection", Unit::Memory, vec![12.0, 14.0, 13.0]);
        Results {
            figures: vec![order, memory],
        }
    }

    #[test]
    fn what_misses_its_target_is_marked() {
        let (quick, slow) = (run(90.0).table(), run(110.0).table());

        assert!(
            quick.contains("met") && !quick.contains("MISSED"),
            "{quick}"
        );
        assert!(slow.contains("MISSED"), "{slow}");
    }

    #[test]
    fn what_is_written_down_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");

        run(90.0).tell(Some(&path)).unwrap();

        let lines = read(&path).unwrap();
        let [order, memory] = &lines[..] else {
            panic!("{lines:?}");
        };
        assert_eq!((order.ours, order.ratio), (90.0, Some(0.1125)));
        assert_eq!(order.target, Some(Target::AtMost(0.125)));
        assert_eq!((memory.spread.low, memory.spread.high), (12.0, 14.0));
        assert!(memory.ratio.is_none() && memory.peer.is_none());
        assert!(!order.machine.is_empty() && order.date.ends_with('Z'));
    }
}
