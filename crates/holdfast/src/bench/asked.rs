//! What a bench is asked for.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::compare::{self, Compare};
use super::contest::Turns;
use super::growth::{self, Reach};
use super::results::Results;
use super::{costs, order, scaling};

/// What is to be measured.
#[derive(Debug, Subcommand)]
pub enum Asked {
    /// What an order costs, beside the same order with one transaction for each step.
    Order {
        /// How it is measured.
        #[command(flatten)]
        how: How,
        /// How many customers order, each one thing at a time.
        #[arg(long, default_value_t = 128)]
        buyers: usize,
    },
    /// What the parts that a request passes cost, each beside the least that there is for the same.
    Costs {
        /// How it is measured.
        #[command(flatten)]
        how: How,
    },
    /// What things cost as there is more of everything: load, open connections, stored orders, instances.
    Growth {
        /// How it is measured.
        #[command(flatten)]
        how: How,
        /// How many customers order, each one thing at a time.
        #[arg(long, default_value_t = 128)]
        buyers: usize,
        /// How far it grows.
        #[command(flatten)]
        asked: Reach,
    },
    /// All of these.
    All {
        /// How it is measured.
        #[command(flatten)]
        how: How,
        /// How many customers order, each one thing at a time.
        #[arg(long, default_value_t = 128)]
        buyers: usize,
        /// How far it grows.
        #[command(flatten)]
        asked: Reach,
    },
    /// What became slower than in another build, beyond the spread of either and by 5 % and more: both measure in turn.
    Compare(Compare),
    /// A day of a shop in virtual time, scaled ahead of the load and behind it.
    Scaling {
        /// Where to draw it, as SVG.
        #[arg(long)]
        plot: Option<PathBuf>,
    },
}

/// How it is measured.
#[derive(Debug, Args)]
pub struct How {
    /// How often each side has its turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many seconds a turn takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Where to write the figures to, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl How {
    fn turns(&self) -> Turns {
        Turns {
            rounds: self.rounds,
            turn: Duration::from_secs(self.seconds),
        }
    }
}

impl Asked {
    /// Measures, and shows what came of it.
    ///
    /// # Errors
    /// When something that is measured does not start, or fails.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut results = Results::default();
        let how = match self {
            Self::Scaling { plot } => {
                scaling::scaling(plot.as_deref())?;
                return Ok(ExitCode::SUCCESS);
            }
            Self::Compare(asked) => return compare::run(&asked).await,
            Self::Order { how, buyers } => {
                order::order(how.turns(), buyers, &mut results).await?;
                how
            }
            Self::Costs { how } => {
                costs::costs(how.turns(), &mut results).await?;
                how
            }
            Self::Growth { how, buyers, asked } => {
                Box::pin(growth::growth(how.turns(), buyers, &asked, &mut results)).await?;
                how
            }
            Self::All { how, buyers, asked } => {
                order::order(how.turns(), buyers, &mut results).await?;
                costs::costs(how.turns(), &mut results).await?;
                Box::pin(growth::growth(how.turns(), buyers, &asked, &mut results)).await?;
                how
            }
        };
        results.tell(how.json.as_deref())?;
        Ok(ExitCode::SUCCESS)
    }
}
