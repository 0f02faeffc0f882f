//! Brings the database up to date, before the service starts.

use chassis::{Env, Migration, NotMigrated};
use retry::Deadline;

use crate::config::database;
use crate::seed;
use crate::store::MIGRATIONS;

/// Makes the database where it is missing, gives it today's schema, and plants the first articles where that is asked for.
pub(crate) async fn run(env: &Env, asked: &Migration) -> Result<(), NotMigrated> {
    let settings = database(env)?;
    let prepared = db::prepare(settings, &asked.owners, &MIGRATIONS, Deadline::current());
    let db = Box::pin(prepared).await.map_err(NotMigrated::failed)?;
    if asked.seed {
        Box::pin(seed::run(&db))
            .await
            .map_err(NotMigrated::failed)?;
    }
    Ok(())
}
