//! Decides how many instances of each service there are to be, by the load that all of them tell.
//!
//! It runs in every instance of this service, and one at a time decides ([`turn`]). What it goes by is kept in the database with
//! its decisions, so that the next one goes on where it ended ([`memory`]).

mod ahead;
mod memory;
mod turn;

use std::time::{Duration, Instant};

use db::Db;
use metrics::gauge;
use retry::Deadline;
use time::OffsetDateTime;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use self::memory::Memory;
use self::turn::Turn;
use crate::domain::decided::HOLDS;
use crate::domain::history;
use crate::store::scaling::write;
use crate::tools::Tools;

/// How often it is looked and decided.
const ROUND: Duration = Duration::from_secs(2);
/// How often what was seen is kept where nothing else is decided.
const KEEP: Duration = Duration::from_secs(10);
/// How long the database may take.
const LIMIT: Duration = Duration::from_secs(3);
/// Between one turn and the next attempt to have one.
const PAUSE: Duration = Duration::from_secs(1);
/// For how many steps the load is kept: what is looked back on, and a day.
const KEPT: usize = history::MOST + history::DAY;

/// Why a turn is over.
#[derive(Debug, thiserror::Error)]
enum Over {
    /// Others have it, or may have.
    #[error("the turn is lost")]
    Lost,
    /// The lock service did not answer as it should.
    #[error(transparent)]
    Lock(#[from] crate::locks::Error),
    /// The database did not.
    #[error(transparent)]
    Data(#[from] db::Error),
}

/// Decides whenever this instance has the turn, until it closes.
pub(crate) async fn run(tools: Tools, closing: CancellationToken) {
    gauge!("scaling_leader").set(0.0);
    while let Some(taken) = closing.run_until_cancelled(Turn::take(&tools.locks)).await {
        match taken {
            Ok(mut turn) => {
                info!(
                    token = turn.token(),
                    "decides how many instances there are to be"
                );
                gauge!("scaling_leader").set(1.0);
                let over = lead(&tools, &mut turn, &closing).await;
                gauge!("scaling_leader").set(0.0);
                if let Err(error) = over {
                    warn!(%error, "decides no more how many instances there are to be");
                }
                turn.end().await;
            }
            // Others have it, as a rule.
            Err(error) => debug!(%error, "has not the turn to decide on instances"),
        }
        closing.run_until_cancelled(sleep(PAUSE)).await;
    }
}

/// Decides, round by round, for as long as the turn lasts.
async fn lead(tools: &Tools, turn: &mut Turn, closing: &CancellationToken) -> Result<(), Over> {
    let reading = Memory::read(&tools.db, turn.token(), OffsetDateTime::now_utc());
    let mut memory = Deadline::after(LIMIT * 3).scope(reading).await?;
    let mut said = tools.said.changes();
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut kept = None;
    loop {
        tokio::select! {
            () = closing.cancelled() => return Ok(()),
            _ = rounds.tick() => {}
            // What operators allow is kept to at once.
            _ = said.changed() => {}
        }
        turn.keep().await?;
        let now = OffsetDateTime::now_utc();
        memory.foresee(now).await;
        let heard = tools.roll().all(Instant::now());
        let new = memory.decide(now, &heard, &tools.said.now());
        let due = kept.is_none_or(|kept: Instant| kept.elapsed() >= KEEP);
        if !new.is_empty() && (due || new.iter().any(memory::is_news)) {
            keep(&tools.db, turn.token(), now, &mut memory, &new).await?;
            kept = Some(Instant::now());
        }
    }
}

/// Keeps what was decided, and seen, and said of what is to come.
async fn keep(
    db: &Db,
    token: i64,
    now: OffsetDateTime,
    memory: &mut Memory,
    new: &[write::New],
) -> Result<(), Over> {
    let seen = memory.seen_of(new);
    let first = history::step_of(now) - i64::try_from(KEPT).unwrap_or(i64::MAX);
    let kept = db.write("scaling: decide", |tx| {
        let seen = &seen;
        Box::pin(async move {
            let passed = write::decide(tx, token, new, [now, now + HOLDS]).await?;
            if passed {
                write::add(tx, seen, first).await?;
            }
            Ok(passed)
        })
    });
    let kept: Result<bool, db::Error> = Deadline::after(LIMIT).scope(kept).await;
    if !kept? {
        return Err(Over::Lost);
    }
    memory.kept(new);
    Ok(())
}
