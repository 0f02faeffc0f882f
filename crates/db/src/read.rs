//! Reads, from whoever has got to the caller's token.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::token::{self, Given, Seen};
use futures::future::BoxFuture;
use metrics::{counter, histogram};
use retry::{Backoff, Deadline};
use tokio::time::sleep;
use tracing::{Instrument as _, info_span};

use crate::address::{Address, Connection};
use crate::fault::Kind;
use crate::pool::Pool;
use crate::route::{Place, look, serves};
use crate::tx::Lent;
use crate::{Error, Why};

/// From what a standby is usually behind, to what a failover's reconnects bear.
const PAUSE: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(100));

/// Whom a read may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Whoever serves the caller's token.
    Anybody,
    /// The primary alone.
    Primary,
}

/// How asking one address ended without a value.
enum Passed {
    /// It has not got to the token.
    Behind,
    /// It did not answer, or not in time.
    Failed(Why),
    /// The statement itself was refused, and would be elsewhere.
    Refused(Error),
}

/// Runs `work` with whoever has got to the caller's token.
pub(crate) async fn run<'env, T, F>(
    pool: &Pool,
    name: &'static str,
    from: From,
    work: F,
) -> Result<Seen<T>, Error>
where
    T: Send,
    F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, Error>> + Send + Sync,
{
    let span = info_span!("db.read", otel.name = name);
    let began = Instant::now();
    let read = repeat(pool, name, from, work).instrument(span).await;
    let by = match &read {
        Ok(seen) if seen.primary => "primary",
        Ok(_) => "replica",
        Err(_) => "nobody",
    };
    counter!("db_reads_total", "name" => name, "by" => by).increment(1);
    histogram!("db_read_seconds", "name" => name).record(began.elapsed());
    read
}

async fn repeat<'env, T, F>(
    pool: &Pool,
    name: &'static str,
    from: From,
    work: F,
) -> Result<Seen<T>, Error>
where
    F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, Error>>,
{
    let (given, deadline) = (token::given(), Deadline::current());
    let anybody = from == From::Anybody && may_ask_a_replica(given);
    let mut attempt = 0;
    loop {
        let mut why = None;
        let addresses = if anybody {
            pool.readers()
        } else {
            pool.primaries()
        };
        for (left, address) in (0..addresses.len()).rev().zip(addresses) {
            // Somebody is left to ask: half of the time is theirs.
            let share = deadline.remaining() / if left > 0 { 2 } else { 1 };
            let share = deadline.min(Deadline::after(share));
            match ask(pool, &address, given, share, &work).await {
                Ok(seen) => return Ok(seen),
                Err(Passed::Refused(error)) => return Err(error),
                Err(Passed::Failed(failed)) => why = Some(failed),
                Err(Passed::Behind) => {
                    counter!("db_reads_behind_total", "name" => name).increment(1);
                }
            }
        }
        let pause = PAUSE.draw(attempt);
        if pause >= deadline.remaining() {
            return Err(match (given, why) {
                (Given::Nothing, why) => Error::NotTaken(why.unwrap_or(Why::NoPrimary)),
                _ => Error::NotYetConsistent,
            });
        }
        sleep(pause).await;
        attempt += 1;
    }
}

/// Whether any replica could serve `given`.
fn may_ask_a_replica(given: Given) -> bool {
    match given {
        Given::Nothing => true,
        Given::Malformed => false,
        Given::Token(token) => !token.primary_only,
    }
}

async fn ask<'env, T, F>(
    pool: &Pool,
    address: &Arc<Address>,
    given: Given,
    share: Deadline,
    work: &F,
) -> Result<Seen<T>, Passed>
where
    F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, Error>>,
{
    let (mut connection, place) = meet(address, share).await.map_err(Passed::Failed)?;
    if place.primary {
        pool.answered(address);
    }
    if !serves(given, place) {
        connection.put_back();
        return Err(Passed::Behind);
    }
    match share.limit(work(&mut connection.tx)).await {
        Ok(Ok(value)) => {
            connection.put_back();
            let Place {
                primary,
                cluster,
                position,
            } = place;
            Ok(Seen {
                value,
                cluster,
                position,
                primary,
            })
        }
        Ok(Err(error)) => Err(failed(connection, error)),
        Err(_) => Err(Passed::Failed(Why::Late)),
    }
}

/// A connection to `address`, with where its server stands.
async fn meet<'env>(
    address: &Arc<Address>,
    share: Deadline,
) -> Result<(Connection<'env>, Place), Why> {
    let soon = address.soon(share);
    let mut connection = address.acquire(soon).await?;
    match soon.limit(look(&mut connection)).await {
        Ok(Ok(place)) => Ok((connection, place)),
        Ok(Err(why)) => {
            connection.broke();
            Err(why)
        }
        Err(_) => {
            address.rest();
            connection.broke();
            Err(Why::Late)
        }
    }
}

fn failed(mut connection: Connection<'_>, error: Error) -> Passed {
    match connection.tx.fault.take() {
        Some(fault) if fault.kind == Kind::Broken => {
            connection.broke();
            Passed::Failed(Why::Failed(fault.text))
        }
        // Such as, on a standby, that the primary has vacuumed what was read. Others do not know of it.
        Some(fault) if fault.kind == Kind::Passing => {
            connection.put_back();
            Passed::Failed(Why::Failed(fault.text))
        }
        _ => {
            connection.put_back();
            Passed::Refused(error)
        }
    }
}
