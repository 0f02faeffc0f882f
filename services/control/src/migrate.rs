//! Brings the database up to date, before the service starts.

use chassis::{Env, Migration, NotMigrated};
use retry::Deadline;

use crate::config::Config;
use crate::store::MIGRATIONS;

/// Makes the database where it is missing, and gives it today's schema.
pub(crate) async fn run(env: &Env, asked: &Migration) -> Result<(), NotMigrated> {
    let settings = Config::read(env)?.database;
    let prepared = db::prepare(settings, &asked.owners, &MIGRATIONS, Deadline::current());
    Box::pin(prepared).await.map_err(NotMigrated::failed)?;
    Ok(())
}
