//! Brings the database up to date, before the service starts.

use chassis::{Env, Migration, NotMigrated};
use db::Db;
use retry::Deadline;

use crate::config::database;
use crate::seed;
use crate::store::MIGRATIONS;

/// Makes the database where it is missing, gives it today's schema, and plants the first articles where that is asked for.
pub(crate) async fn run(env: &Env, asked: &Migration) -> Result<(), NotMigrated> {
    let settings = database(env)?;
    if !asked.owners.is_empty() {
        let provided = db::provide(&settings, &asked.owners, Deadline::current());
        Box::pin(provided).await.map_err(NotMigrated::failed)?;
    }
    let db = Db::connect(settings);
    let migrated = db.migrate(&MIGRATIONS, Deadline::current());
    Box::pin(migrated).await.map_err(NotMigrated::failed)?;
    if asked.seed {
        Box::pin(seed::run(&db))
            .await
            .map_err(NotMigrated::failed)?;
    }
    Ok(())
}
