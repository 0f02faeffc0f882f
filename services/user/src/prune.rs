//! Deleting what has had its time.

use std::time::Duration;

use db::{Db, Tx};
use futures::future::{BoxFuture, FutureExt as _};
use tracing::{info, warn};

use crate::store::{keys, lockouts, notifications, revocations, sessions};

/// How often it is looked for.
const EVERY: Duration = Duration::from_hours(1);
/// How many rows one transaction deletes.
const SHARE: i64 = 1_000;

/// Deletes some rows of a table, no more than so many; answers how many.
type Prune = for<'t> fn(&'t mut Tx, i64) -> BoxFuture<'t, Result<u64, db::Error>>;

/// What is pruned, by the name of its table.
const TABLES: [(&str, Prune); 5] = [
    ("keys", |tx, most| keys::prune(tx, most).boxed()),
    ("notifications", |tx, most| {
        notifications::prune(tx, most).boxed()
    }),
    ("sessions", |tx, most| sessions::prune(tx, most).boxed()),
    ("lockouts", |tx, most| lockouts::prune(tx, most).boxed()),
    ("revocations", |tx, most| {
        revocations::prune(tx, most).boxed()
    }),
];

/// Prunes every hour, for ever. Every replica does so.
pub async fn run(db: Db) {
    let mut hours = tokio::time::interval(EVERY);
    loop {
        hours.tick().await;
        once(&db).await;
    }
}

/// Deletes all that has had its time.
pub async fn once(db: &Db) {
    for (table, prune) in TABLES {
        match all(db, prune).await {
            Ok(0) => {}
            Ok(rows) => info!(table, rows, "pruned"),
            // The next hour tries again.
            Err(error) => warn!(table, %error, "not pruned"),
        }
    }
}

async fn all(db: &Db, prune: Prune) -> Result<u64, db::Error> {
    let mut rows = 0;
    loop {
        // To delete what is old is to delete it once, however often it is tried.
        let gone = db.keyed("prune", |tx| prune(tx, SHARE));
        let gone: u64 = gone.await?;
        rows += gone;
        if gone == 0 {
            return Ok(rows);
        }
    }
}
