//! Looks by the clock: ends what is over, says that this instance lives, finds out what no hint has told.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use metrics::gauge;
use retry::Deadline;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use super::job::{Call, Grant, Job, Told};
use super::waiting::News;
use super::{Desk, Error};
use crate::domain::lock::{ALIVE, Name, Refusal};
use crate::store::tending::{self, Counts, Kept};

/// How often it is looked for what is over: a lease is passed on within a second of its end.
const LOOK: Duration = Duration::from_millis(300);
/// How often an instance looks after those who wait at it.
const CARE: Duration = Duration::from_secs(1);
/// How often what has outlived its use is removed.
const PRUNE: Duration = Duration::from_secs(10);
/// How long one look may take; the next one sees the same.
const LIMIT: Duration = Duration::from_secs(2);
/// How many locks are ended in one look.
const MOST: i64 = 256;

/// Tends until the instance closes, and leaves nothing behind of those who waited here.
pub async fn run(desk: Desk, closing: CancellationToken) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut cared, mut pruned) = (None, None);
    while closing.run_until_cancelled(looks.tick()).await.is_some() {
        let mut round = async || {
            end_what_is_over(&desk).await?;
            if passed(&mut cared, CARE) {
                care(&desk).await?;
                measure(&desk).await?;
            }
            if passed(&mut pruned, PRUNE) {
                prune(&desk).await?;
            }
            Ok::<(), Error>(())
        };
        if let Err(error) = Deadline::after(LIMIT).scope(round()).await {
            warn!(%error, "could not tend the locks");
        }
    }
    if let Err(error) = Deadline::after(LIMIT).scope(care(&desk)).await {
        warn!(%error, "those who waited here are still in the queues");
    }
}

/// Whether `every` has passed since; if so, it begins anew.
fn passed(since: &mut Option<Instant>, every: Duration) -> bool {
    let due = since.is_none_or(|since| since.elapsed() >= every);
    if due {
        *since = Some(Instant::now());
    }
    due
}

async fn end_what_is_over(desk: &Desk) -> Result<(), Error> {
    let due = desk
        .db
        .read_primary("locks: due", |tx| Box::pin(tending::due(tx, MOST)));
    let due = due.await?.value;
    let names = due.iter().filter_map(|name| Name::new(name).ok());
    let looks = join_all(names.map(|name| desk.carry_out(Job::Look(name)))).await;
    looks.into_iter().try_for_each(|look| look.map(drop))
}

/// Says that this instance lives, and goes through those who wait here.
async fn care(desk: &Desk) -> Result<(), Error> {
    let (instance, attempts) = (desk.instance, desk.waiting.all_placed());
    // Keyed: what it tells is then on a standby too.
    let kept = desk.db.keyed("locks: care", |tx| {
        let attempts = attempts.clone();
        Box::pin(async move {
            tending::live(tx, instance, ALIVE).await?;
            tending::at(tx, instance, &attempts).await
        })
    });
    let kept: Vec<Kept> = kept.await.map_err(|error: db::Error| error)?;
    let found: HashMap<Uuid, &Kept> = kept.iter().map(|kept| (kept.attempt, kept)).collect();
    for attempt in attempts {
        match found.get(&attempt) {
            None => desk.waiting.tell(attempt, News::Gone),
            Some(kept) => {
                if let Some(grant) = grant(kept) {
                    desk.waiting.tell(attempt, News::Grant(grant));
                }
            }
        }
    }
    for kept in kept.iter().filter(|kept| kept.token.is_none()) {
        look_after(desk, kept).await?;
    }
    Ok(())
}

/// Takes out a wait of a call that has left, and breaks the circle that a wait may have got into.
async fn look_after(desk: &Desk, kept: &Kept) -> Result<(), Error> {
    let Ok(name) = Name::new(&kept.name) else {
        return Ok(());
    };
    let call = Call {
        name,
        owner: kept.owner.clone(),
        attempt: kept.attempt,
    };
    if !desk.waiting.is_here(kept.attempt) {
        // Only the wait: its turn may have come since, and its caller may have been told so, and work by it.
        desk.carry_out(Job::GiveUp(call)).await?;
    } else if kept.crowded {
        let told = desk.carry_out(Job::Recheck(call)).await?;
        if told == Told::Refused(Refusal::Deadlock) {
            desk.waiting.tell(kept.attempt, News::Deadlock);
        }
    }
    Ok(())
}

fn grant(kept: &Kept) -> Option<Grant> {
    Some(Grant {
        id: kept.id,
        token: kept.token?,
        granted_at: kept.granted_at?,
        expires_at: kept.expires_at?,
    })
}

/// Tells how many hold a lock and how many wait for one.
async fn measure(desk: &Desk) -> Result<(), Error> {
    let seen = desk
        .db
        .read_primary("locks: counts", |tx| Box::pin(tending::counts(tx)));
    let Counts { held, waiting } = seen.await?.value;
    #[allow(clippy::cast_precision_loss, reason = "there are at most 10,000")]
    for (name, count) in [("locks_held", held), ("locks_waiting", waiting)] {
        gauge!(name).set(count as f64);
    }
    Ok(())
}

async fn prune(desk: &Desk) -> Result<(), Error> {
    let pruned = desk
        .db
        .write("locks: prune", |tx| Box::pin(tending::prune(tx, 1_000)));
    let _: u64 = pruned.await.map_err(|error: db::Error| error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lock::{Asked, Mode, Owner};
    use crate::locks::job::Whose;

    #[tokio::test]
    async fn nobody_loses_what_was_granted_while_it_was_looked_at_as_a_wait() {
        let database = testkit::database("control").await;
        let desk = Desk::open(&database.db());
        let (name, id, attempt) = (Name::new("busy").unwrap(), Uuid::now_v7(), Uuid::now_v7());
        let asked = Asked {
            name: name.clone(),
            owner: Owner::new("somebody").unwrap(),
            id,
            attempt,
            instance: desk.instance,
            mode: Mode::Exclusive,
            ttl: Duration::from_mins(1),
            wait: Duration::ZERO,
            max_hold: None,
        };
        let told = desk.carry_out(Job::Acquire(asked)).await.unwrap();
        assert!(matches!(told, Told::Granted(_)), "{told:?}");
        // As it was seen before that, in a look that goes on: a wait, of a call that has left since, with its grant.
        let seen = Kept {
            name: "busy".to_owned(),
            owner: "somebody".to_owned(),
            id,
            attempt,
            token: None,
            granted_at: None,
            expires_at: None,
            crowded: false,
        };

        look_after(&desk, &seen).await.unwrap();

        let owner = "somebody".to_owned();
        let released = desk.carry_out(Job::Release(Whose { name, owner, id }));
        let released = released.await.unwrap();
        assert!(matches!(released, Told::Released(_)), "{released:?}");
    }
}
