//! What is kept, and the only place that speaks SQL.

pub mod faults;
pub mod said;

use sqlx::migrate::Migrator;

/// The schema of this service's database, file by file.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/control");
