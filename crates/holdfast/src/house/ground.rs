//! What the services stand on: their databases, Redis, and the secrets of the house.

use anyhow::Context as _;
use chassis::Env;

use super::Kind;

/// A database that a service keeps its data in.
#[derive(Debug, Clone)]
pub struct Keeper {
    /// The service.
    pub name: &'static str,
    /// Where the primary answers: URLs with commas between, tried in turn.
    pub primary: String,
    /// Where replicas answer, likewise.
    pub replica: String,
}

/// What the services stand on.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// A database for each service that keeps data.
    pub keepers: Vec<Keeper>,
    /// Where Redis answers; nowhere, where it is empty.
    pub redis: String,
    /// Settings that all of them share.
    pub settings: Vec<(String, String)>,
}

impl Ground {
    /// The services that keep data.
    pub const KEEPERS: [&str; 4] = ["user", "order", "news", "control"];

    /// Adds a setting that all services share.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// What a service of `kind` is told of it.
    pub(super) fn env(&self, kind: Kind) -> Vec<(String, String)> {
        let mut env = Vec::new();
        if !self.redis.is_empty() {
            env.push(("REDIS_URL".to_owned(), self.redis.clone()));
        }
        if let Some(keeper) = self
            .keepers
            .iter()
            .find(|keeper| keeper.name == kind.name())
        {
            env.push(("DATABASE_URLS".to_owned(), keeper.primary.clone()));
            env.push(("DATABASE_REPLICA_URLS".to_owned(), keeper.replica.clone()));
        }
        env.extend(self.settings.iter().cloned());
        env
    }

    /// Brings each database up to date as its service's own `migrate` does, and plants the demo's accounts, catalogue and
    /// articles where they are not there yet.
    ///
    /// # Errors
    /// When a migration fails, or a database is not reachable.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        let seeded = ("SEED".to_owned(), "true".to_owned());
        for kind in Kind::ALL {
            if !Self::KEEPERS.contains(&kind.name()) {
                continue;
            }
            let env = self.env(kind).into_iter().chain([seeded.clone()]);
            let migrated = Box::pin(kind.migrate(Env::local(env)));
            let migrated = migrated.await;
            migrated.with_context(|| format!("migrating the database of {}", kind.name()))?;
        }
        Ok(())
    }
}
