//! What is kept, and the only place that speaks SQL.

pub mod circles;
pub mod claims;
pub mod faults;
pub mod said;
pub mod scaling;
pub mod shown;
pub mod tending;

use sqlx::migrate::Migrator;

/// The schema of this service's database, file by file.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/control");
