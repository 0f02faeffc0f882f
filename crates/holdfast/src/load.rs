//! Customers who come by themselves, whether the shop keeps up or not, and a view of how it goes.

mod shelf;
#[cfg(test)]
mod tests;
mod view;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use drill::{Buyer, Door, Gauge, History, Mix, Traffic};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use self::shelf::Shelf;
use self::view::View;

/// How many come each second for one account at most: each may send 50 requests, and an order is some.
const VISITS: f64 = 10.0;
/// How many accounts they have at least, and at most.
const FEWEST: usize = 4;
const MOST: usize = 200;
/// How long anybody waits for an answer, and until they give up.
const PATIENCE: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(30);
/// How long we wait before we come again to a shop that lets nobody in.
const PAUSE: Duration = Duration::from_secs(1);

/// Who comes, how many, and for how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Rate {
    /// What they come for. When not said, some order and some look, as below.
    #[arg(long, value_parser = PossibleValuesParser::new(Mix::ALL.map(Mix::word)).try_map(|word| word.parse::<Mix>()))]
    pub mix: Option<Mix>,
    /// How many order each second; with a mix, how many come each second is the sum of this and the next.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=200))]
    pub orders: u32,
    /// How many look at products and news each second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub looks: u32,
    /// For how many seconds they come, once all who order are let in. Also how long we wait for that.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// Write each request to this file as it ends: a line of JSON with who sent what, its key, its times in seconds, and the answer.
    #[arg(long)]
    pub history: Option<PathBuf>,
    /// Say a line each minute, also at a terminal, where a table is drawn each second otherwise.
    #[arg(long)]
    pub quiet: bool,
}

/// What is there before anybody comes: who orders, and what.
struct Opened {
    buyers: Vec<Buyer>,
    shelf: Shelf,
}

impl Rate {
    /// The parts of the traffic: by a mix, or orders and looks each at their own rate.
    fn parts(&self) -> Vec<(Mix, f64)> {
        let (orders, looks) = (f64::from(self.orders), f64::from(self.looks));
        match self.mix {
            Some(mix) => vec![(mix, orders + looks)],
            None => vec![(Mix::Orders, orders), (Mix::Browse, looks)],
        }
    }

    /// How many come each second when most do.
    fn peak(&self) -> f64 {
        let parts = self.parts();
        parts.iter().map(|(mix, rate)| rate * mix.peak()).sum()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some thousands at most"
    )]
    fn accounts(&self) -> usize {
        ((self.peak() / VISITS) as usize).clamp(FEWEST, MOST)
    }
}

/// Has customers come to `doors` at `rate`, whether the shop keeps up or not, and shows what becomes of them: as it happens at a
/// terminal, a line each minute elsewhere. What they buy is put on the shelf, and what they spend into their wallets, beside
/// them: nobody who comes waits for that.
///
/// # Errors
/// When nobody is let in for all that time, this machine cannot send, or the history cannot be written.
pub async fn run(doors: &[Door], rate: &Rate) -> anyhow::Result<()> {
    let gauge = Arc::<Gauge>::default();
    let view = view::begin(gauge.clone(), rate.quiet);
    let Opened { buyers, shelf } = opened(doors, rate, &view).await?;
    let history = Arc::new(history(rate)?);
    let traffic = Traffic {
        doors: doors.to_vec(),
        products: shelf.products().to_vec(),
        buyers,
        parts: rate.parts(),
        time: Duration::from_secs(rate.seconds),
        patience: PATIENCE,
        limit: LIMIT,
        seed: rand::random(),
        name: format!("load-{}", Uuid::now_v7().simple()),
    };
    let flow = traffic.begin(history.clone(), gauge.clone());
    let _filled = AbortOnDropHandle::new(tokio::spawn(shelf.keep_full(doors.to_vec())));
    flow.over().await?;
    view.end(&gauge);
    history.written()
}

/// Where each request is written down; kept is none, however long it takes.
fn history(rate: &Rate) -> anyhow::Result<History> {
    let history = History::forgetful();
    match &rate.history {
        Some(path) => history.written_to(path, Instant::now()),
        None => Ok(history),
    }
}

/// Fills the shelf, and lets all in who order; after as long as customers are to come, those who are there have to do.
async fn opened(doors: &[Door], rate: &Rate, view: &View) -> anyhow::Result<Opened> {
    let end = Instant::now() + Duration::from_secs(rate.seconds);
    let shelf = insist(doors, end, view, async |door| {
        Shelf::fill(door, rate.peak()).await
    });
    let (shelf, mut buyers) = (shelf.await?, Vec::new());
    while buyers.len() < rate.accounts() {
        let joined = insist(doors, end, view, async |door| {
            Traffic::buyers(door, 1).await
        });
        match joined.await {
            Ok(joined) => buyers.extend(joined),
            Err(_) if buyers.len() >= FEWEST => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Opened { buyers, shelf })
}

/// Comes again to a shop that lets nobody in, at the next of `doors`, until `end`.
async fn insist<T>(
    doors: &[Door],
    end: Instant,
    view: &View,
    work: impl AsyncFn(&Door) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut doors = doors.iter().cycle();
    loop {
        let door = doors.next().context("the shop is nowhere")?;
        match timeout_at(end, work(door))
            .await
            .map_err(anyhow::Error::from)
        {
            Ok(Err(error)) if Instant::now() < end => {
                view.line(format_args!("Nobody is let in: {error:#}"));
                sleep(PAUSE).await;
            }
            ended => return ended.flatten(),
        }
    }
}
