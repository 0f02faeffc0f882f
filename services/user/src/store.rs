//! What is kept, and the only place that speaks SQL.

pub mod accounts;
pub mod addresses;
pub mod credentials;
pub mod export;
pub mod keys;
pub mod lockouts;
pub mod notifications;
pub mod payments;
pub mod refunds;
pub mod revocations;
pub mod sessions;
pub mod signing_keys;
pub mod transfers;
pub mod wallets;

use db::{Error, Tx};
use sqlx::migrate::Migrator;
use time::OffsetDateTime;

/// The schema of this service's database, file by file.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/user");

/// Tells the time of this transaction, as its rows get it.
///
/// # Errors
/// What the database met.
pub async fn now(tx: &mut Tx) -> Result<OffsetDateTime, Error> {
    let now = sqlx::query_scalar!(r#"select now() as "now!""#);
    Ok(now.fetch_one(&mut *tx).await?)
}
