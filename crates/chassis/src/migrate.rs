//! Brings the database of a service up to date, once, before its instances start.

use std::error::Error;
use std::time::Duration;

use retry::Deadline;

use crate::{Env, Service, Setting, Wrong, tls};

/// How long it may take, together with the wait for the database.
const LIMIT: Duration = Duration::from_mins(2);

/// The settings of `migrate`, beside those that name the database.
pub const MIGRATE_SETTINGS: &[Setting] = &[
    Setting::optional(
        "DATABASE_OWNER_URL",
        "Where somebody is let in who may create roles and databases and grant `pg_read_all_stats`: `postgres://` URLs with commas between, tried in turn. By it the service's database and role are made where they are missing; without it they must be there.",
    )
    .secret(),
    Setting::new(
        "SEED",
        "false",
        "Whether the demo's catalogue, articles and accounts are made where they are missing; its passwords stand in the README.",
    ),
];

/// What `migrate` is asked to do.
#[derive(Clone, Default)]
pub struct Migration {
    /// Where somebody is let in who may make the database, and its role.
    pub owners: Vec<String>,
    /// Whether the demo's data is planted.
    pub seed: bool,
}

/// Why a database was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum NotMigrated {
    /// A setting is wrong.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// There is none.
    #[error("this service keeps no data")]
    KeepsNothing,
    /// It could not be done.
    #[error("{0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl NotMigrated {
    /// It could not be done, because of `error`.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

impl Migration {
    fn read(env: &Env) -> Result<Self, Wrong> {
        Ok(Self {
            owners: env.optional("DATABASE_OWNER_URL")?.unwrap_or_default(),
            seed: env.get("SEED")?,
        })
    }
}

/// Brings the database of `S` up to date, by `env`.
///
/// # Errors
/// When a setting is wrong, there is no database, or it is not reached.
pub async fn run<S: Service>(env: Env) -> Result<(), NotMigrated> {
    let env = env.knowing(S::SETTINGS).knowing(MIGRATE_SETTINGS);
    env.check_spelling()?;
    let asked = Migration::read(&env)?;
    tls::install_provider();
    let migrated = S::migrate(&env, &asked);
    Deadline::after(LIMIT).scope(Box::pin(migrated)).await
}
