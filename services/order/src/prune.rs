//! Removes what has outlived its use, a little at a time. Every instance does; rows that another one removes are passed by.

use std::time::Duration;

use db::{Db, Error};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::store::{baskets, keys, outbox};

/// How many rows go at once: few enough that nobody waits for their locks.
const MOST: i64 = 1_000;
/// How long it rests when nothing is left to remove.
const REST: Duration = Duration::from_mins(1);
/// For how long sagas are kept after their end.
const SAGAS: Duration = Duration::from_hours(7 * 24);

/// Prunes for ever. Drop the future to end it.
pub async fn run(db: &Db) {
    loop {
        match round(db).await {
            Ok(0) => sleep(REST).await,
            Ok(pruned) => info!(pruned, "removed what has outlived its use"),
            Err(error) => {
                warn!(%error, "could not prune");
                sleep(REST).await;
            }
        }
    }
}

/// Prunes once, and tells how many rows.
///
/// # Errors
/// Only what concerns the database.
pub async fn round(db: &Db) -> Result<u64, Error> {
    let sagas = db.write("prune sagas", |tx| {
        Box::pin(saga::store::prune(tx, SAGAS, MOST))
    });
    let sagas: u64 = sagas.await.map_err(|error: Error| error)?;
    let notices = db.write("prune outbox", |tx| Box::pin(outbox::prune(tx, MOST)));
    let notices: u64 = notices.await.map_err(|error: Error| error)?;
    let keys = db.write("prune keys", |tx| Box::pin(keys::prune(tx, MOST)));
    let keys: u64 = keys.await.map_err(|error: Error| error)?;
    let carts = db.write("prune carts", |tx| Box::pin(baskets::prune(tx, MOST)));
    let carts: u64 = carts.await.map_err(|error: Error| error)?;
    Ok(sagas + notices + keys + carts)
}
