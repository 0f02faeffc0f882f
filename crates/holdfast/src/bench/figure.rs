//! What a bench found of one thing, round by round, beside what it is compared with.

use serde::{Deserialize, Serialize};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Unit {
    /// Microseconds of processor time for each.
    #[serde(rename = "us of CPU")]
    Cpu,
    /// How many in a second.
    #[serde(rename = "a second")]
    Rate,
    /// Milliseconds from when it was due until it was answered.
    #[serde(rename = "ms")]
    Time,
    /// Kilobytes of memory.
    #[serde(rename = "kB")]
    Memory,
}

/// How large a ratio is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// As much, or less.
    AtMost(f64),
    /// As much, or more.
    AtLeast(f64),
}

/// A figure of ours, and the same of a peer.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) unit: Unit,
    /// By round, as is the peer's.
    pub(crate) ours: Vec<f64>,
    pub(crate) peer: Option<(String, Vec<f64>)>,
    pub(crate) target: Option<Target>,
}

/// A median with its extremes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    #[serde(skip)]
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// A table for whoever looks on, and the figures in it that are kept.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) table: String,
    pub(crate) figures: Vec<Figure>,
}

impl Unit {
    /// What tables call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "us of CPU",
            Self::Rate => "a second",
            Self::Time => "ms",
            Self::Memory => "kB",
        }
    }

    /// Whether a larger figure is the better one.
    pub(crate) fn more_is_better(self) -> bool {
        self == Self::Rate
    }
}

impl Target {
    pub(crate) fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::AtLeast(least) => write!(f, "at least {least}"),
        }
    }
}

impl Figure {
    /// A figure of ours that is compared with nothing yet.
    pub(crate) fn of(what: impl Into<String>, unit: Unit, ours: Vec<f64>) -> Self {
        Self {
            what: what.into(),
            unit,
            ours,
            peer: None,
            target: None,
        }
    }

    /// The same, beside `rounds` of a peer: those of the same turns.
    pub(crate) fn beside(self, peer: &str, rounds: Vec<f64>) -> Self {
        Self {
            peer: Some((peer.to_owned(), rounds)),
            ..self
        }
    }

    /// The same, with what its ratio is to be.
    pub(crate) fn aims(self, target: Target) -> Self {
        Self {
            target: Some(target),
            ..self
        }
    }

    /// How many times the peer's ours is: each round against the same round, so that what slowed both is not in it.
    pub(crate) fn ratio(&self) -> Option<Spread> {
        let (_, peer) = self.peer.as_ref()?;
        Some(spread(
            self.ours.iter().zip(peer).map(|(ours, peer)| ours / peer),
        ))
    }
}

/// The median of `figures`, with the lowest and the highest of them.
pub(crate) fn spread(figures: impl IntoIterator<Item = f64>) -> Spread {
    let mut all: Vec<f64> = figures.into_iter().collect();
    all.sort_by(f64::total_cmp);
    let at = |place: usize| all.get(place).copied().unwrap_or(f64::NAN);
    Spread {
        median: at(all.len() / 2),
        low: at(0),
        high: at(all.len().saturating_sub(1)),
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Small figures are told apart by what is behind the point.
        let behind = match self.median {
            median if median < 0.1 => 4,
            median if median < 20.0 => 2,
            _ => 0,
        };
        write!(
            f,
            "{:.behind$} ({:.behind$} to {:.behind$})",
            self.median, self.low, self.high
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_compared_with_the_peers_of_the_same_round() {
        // The machine was three times slower in the second round, for both.
        let figure = Figure::of("an order", Unit::Cpu, vec![100.0, 300.0])
            .beside("the same, written plainly", vec![800.0, 2_400.0]);

        let ratio = figure.ratio().unwrap();

        assert_eq!((ratio.low, ratio.high), (0.125, 0.125));
        assert!(Target::AtMost(0.125).is_met(ratio.median));
        assert!(!Target::AtLeast(0.2).is_met(ratio.median));
    }
}
