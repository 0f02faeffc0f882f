//! What the environment may set of this service.

use chassis::{Env, Setting, Wrong};
use db::Settings;

/// The settings of this service, beside those that all services share.
pub const SETTINGS: &[Setting] = &[
    Setting::required(
        "DATABASE_URLS",
        "Where the primary of the database answers: `postgres://` URLs with commas between, tried in turn.",
    )
    .secret(),
    Setting::optional(
        "DATABASE_REPLICA_URLS",
        "Where replicas of it answer; without any, all reads go to the primary.",
    )
    .secret(),
    Setting::new(
        "DATABASE_CONNECTIONS",
        "8",
        "How many connections at most, to each address of the database.",
    ),
];

/// What the settings say.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the database is.
    pub database: Settings,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// The first one that is wrong.
    pub fn read(env: &Env) -> Result<Self, Wrong> {
        let database = Settings {
            primaries: env.get("DATABASE_URLS")?,
            replicas: env.optional("DATABASE_REPLICA_URLS")?.unwrap_or_default(),
            connections: env.get("DATABASE_CONNECTIONS")?,
            ..Settings::default()
        };
        database
            .check()
            .map_err(|error| Wrong::new(error.to_string()))?;
        Ok(Self { database })
    }
}
