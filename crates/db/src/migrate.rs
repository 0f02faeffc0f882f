//! Brings the schema up to date.

use std::time::Duration;

use retry::{Backoff, Deadline};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::raw_sql;
use tokio::time::sleep;

use crate::fault::{self, Kind};
use crate::pool::Pool;
use crate::{Error, Why};

/// A start is in no hurry.
pub(crate) const PAUSE: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));

/// Runs what `migrator` has and the database has not. Instances that start at once take turns, by an advisory lock that
/// is let go of with the connection.
pub(crate) async fn run(pool: &Pool, migrator: &Migrator, deadline: Deadline) -> Result<(), Error> {
    again(deadline, PAUSE, || once(pool, migrator, deadline)).await
}

/// Does `work` until it is done or refused, for as long as there is time.
pub(crate) async fn again<F>(
    deadline: Deadline,
    pause: Backoff,
    work: impl Fn() -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut attempt = 0;
    loop {
        let why = match deadline.limit(work()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(Error::NotTaken(why))) => why,
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(Error::NotTaken(Why::Late)),
        };
        let pause = pause.draw(attempt);
        if pause >= deadline.remaining() {
            return Err(Error::NotTaken(why));
        }
        sleep(pause).await;
        attempt += 1;
    }
}

async fn once(pool: &Pool, migrator: &Migrator, deadline: Deadline) -> Result<(), Error> {
    let mut why = Why::NoPrimary;
    for address in pool.primaries() {
        match address.acquire(deadline).await {
            // The connection is not kept: it has seen types and tables come and go.
            Ok(mut connection) => {
                let connected = &mut connection.tx.connection;
                let writing = raw_sql("set default_transaction_read_only = off");
                let writing = writing.execute(&mut *connected).await;
                writing.map_err(|error| Error::NotTaken(error.into()))?;
                let migrated = migrator.run_direct(None, connected, false).await;
                return migrated.map_err(read);
            }
            Err(unreachable) => why = unreachable,
        }
    }
    Err(Error::NotTaken(why))
}

/// A migration that a broken connection ended is run again; it was taken back, or is found done.
fn read(error: MigrateError) -> Error {
    let error = match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
        other => sqlx::Error::Migrate(Box::new(other)),
    };
    match fault::kind(&error) {
        Kind::Refused => error.into(),
        Kind::Broken | Kind::ReadOnly | Kind::Passing => Error::NotTaken(error.into()),
    }
}
