//! A named transaction: begun, worked in, committed, and repeated where that is right.

use std::time::{Duration, Instant};

use api::token::Token;
use futures::future::BoxFuture;
use metrics::{counter, histogram};
use retry::{Backoff, Deadline};
use sqlx::raw_sql;
use tokio::time::sleep;
use tracing::{Instrument as _, info_span};

use crate::address::Connection;
use crate::commit::{Ended, commit};
use crate::fault::{self, Fault, Kind};
use crate::pool::Pool;
use crate::tx::{self, Lent};
use crate::{Error, Why};

/// From what a conflict takes to pass, to what a failover's reconnects bear.
const PAUSE: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(250));
/// Said in full, since a DBA's defaults may be others.
const BEGIN: &str = "begin isolation level read committed read write";

/// A transaction as it was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    /// Whether the work begins by writing its key, so that it may be run again to see what became of it.
    pub(crate) keyed: bool,
    pub(crate) deadline: Deadline,
}

/// How an attempt failed.
enum Failed<E> {
    /// Nothing was kept, and another attempt may go through.
    Again(Why),
    /// COMMIT was sent.
    Unknown(Why),
    /// The work decided so, its statements in order.
    Decided(E),
    /// A statement was refused, and would be again.
    Refused(E),
}

/// Runs `work` until it has ended or the deadline has.
pub(crate) async fn run<'env, T, E, F>(pool: &Pool, call: Call, work: F) -> Result<(T, Token), E>
where
    T: Send,
    E: From<Error> + Send,
    F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, E>> + Send + Sync,
{
    let span = info_span!("db.transaction", otel.name = call.name);
    let began = Instant::now();
    let (ended, outcome) = repeat(pool, call, work).instrument(span).await;
    counter!("db_transactions_total", "name" => call.name, "outcome" => outcome).increment(1);
    histogram!("db_transaction_seconds", "name" => call.name).record(began.elapsed());
    ended
}

async fn repeat<'env, T, E, F>(
    pool: &Pool,
    call: Call,
    work: F,
) -> (Result<(T, Token), E>, &'static str)
where
    T: Send,
    E: From<Error> + Send,
    F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, E>> + Send + Sync,
{
    // One unknown attempt makes the whole unknown until another has ended, whatever came between.
    let mut unknown: Option<Why> = None;
    let mut attempt = 0;
    loop {
        let why = match self::attempt(pool, call, &work).await {
            Ok(kept) => return (Ok(kept), "kept"),
            Err(Failed::Decided(error)) => return (Err(error), "refused"),
            Err(Failed::Refused(error)) if unknown.is_none() => return (Err(error), "failed"),
            Err(Failed::Refused(_)) => break,
            Err(Failed::Again(why)) => why,
            Err(Failed::Unknown(why)) => {
                unknown = Some(why.clone());
                if !call.keyed {
                    break;
                }
                why
            }
        };
        let pause = PAUSE.draw(attempt);
        if pause >= call.deadline.remaining() {
            if unknown.is_none() {
                return (Err(Error::NotTaken(why).into()), "not_taken");
            }
            break;
        }
        tracing::debug!(name = call.name, attempt, %why, "running a transaction again");
        counter!("db_transaction_repeats_total", "name" => call.name).increment(1);
        sleep(pause).await;
        attempt += 1;
    }
    let why = unknown.expect("the loop is only left when an attempt was unknown");
    (Err(Error::Unknown(why).into()), "unknown")
}

async fn attempt<'env, T, E, F>(pool: &Pool, call: Call, work: &F) -> Result<(T, Token), Failed<E>>
where
    E: From<Error>,
    F: for<'c> Fn(&'c mut Lent<'env>) -> BoxFuture<'c, Result<T, E>>,
{
    let mut connection = begin(pool, call.deadline).await.map_err(Failed::Again)?;
    let worked = call.deadline.limit(work(&mut connection.tx)).await;
    let Ok(worked) = worked else {
        return Err(Failed::Again(Why::Late));
    };
    let fault = connection.tx.fault.take();
    match (worked, fault) {
        // Whatever the work made of it.
        (_, Some(fault)) if fault.kind != Kind::Refused => {
            give_up(connection, call.deadline, fault.kind).await;
            Err(Failed::Again(Why::Failed(fault.text)))
        }
        (Ok(value), fault) => keep(connection, call, value, fault).await,
        (Err(error), fault) => {
            give_up(connection, call.deadline, Kind::Refused).await;
            Err(match fault {
                Some(_) => Failed::Refused(error),
                None => Failed::Decided(error),
            })
        }
    }
}

/// Begins a transaction at the first address where a primary answers.
async fn begin<'env>(pool: &Pool, deadline: Deadline) -> Result<Connection<'env>, Why> {
    let mut why = Why::NoPrimary;
    let addresses = pool.primaries();
    for (left, address) in (0..addresses.len()).rev().zip(addresses) {
        // A frozen address holds all of its connections; others may be free.
        let limit = if left > 0 {
            address.soon(deadline)
        } else {
            deadline
        };
        let mut connection = match address.acquire(limit).await {
            Ok(connection) => connection,
            Err(unreachable) => {
                why = unreachable;
                continue;
            }
        };
        match tell(&mut connection, BEGIN, deadline).await {
            Ok(()) => {
                pool.answered(&address);
                return Ok(connection);
            }
            Err(silent) => {
                why = silent;
                connection.broke();
            }
        }
    }
    Err(why)
}

/// Sends a statement that costs nothing, and has no answer.
async fn tell(
    connection: &mut Connection<'_>,
    sql: &'static str,
    deadline: Deadline,
) -> Result<(), Why> {
    let soon = connection.address().soon(deadline);
    let told = raw_sql(sql)
        .execute(&mut connection.tx.connection)
        .instrument(tx::span(sql));
    soon.limit(told).await.map_err(|_| Why::Late)??;
    Ok(())
}

/// Takes back what was done on `connection`.
async fn give_up(mut connection: Connection<'_>, deadline: Deadline, kind: Kind) {
    if matches!(kind, Kind::Broken | Kind::ReadOnly) {
        connection.broke();
    } else if tell(&mut connection, "rollback", deadline).await.is_ok() {
        connection.put_back();
    }
}

/// Commits. `fault` is a statement that was refused, and passed over by the work.
async fn keep<T, E: From<Error>>(
    connection: Connection<'_>,
    call: Call,
    value: T,
    fault: Option<Fault>,
) -> Result<(T, Token), Failed<E>> {
    if call.deadline.passed() {
        return Err(Failed::Again(Why::Late));
    }
    // Keyed work keeps half of the time to be run again, should this server never answer.
    let left = call.deadline.remaining();
    let limit = Deadline::after(if call.keyed { left / 2 } else { left });
    match commit(connection, call.keyed, limit).await {
        Ended::Kept(token) => Ok((value, token)),
        Ended::Unknown(why) => Err(Failed::Unknown(why)),
        Ended::Refused(error) => Err(match fault {
            Some(fault) => Failed::Refused(Error::Swallowed(fault.text).into()),
            None if fault::kind(&error) == Kind::Passing => Failed::Again(error.into()),
            None => Failed::Refused(Error::from(error).into()),
        }),
    }
}
