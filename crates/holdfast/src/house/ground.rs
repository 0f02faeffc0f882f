//! What the services stand on: their databases, Redis, and the secrets of the house.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use chassis::{Env, Service as _};
use db::{Db, Settings};
use futures::future::BoxFuture;
use retry::Deadline;
use sqlx::migrate::Migrator;

use super::Kind;

/// How long bringing a schema up to date, or seeding it, may take.
const LIMIT: Duration = Duration::from_mins(2);

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
    /// Where Redis answers.
    pub redis: String,
    /// Settings that all of them share.
    pub settings: Vec<(String, String)>,
}

impl Ground {
    /// The services that keep data.
    pub const KEEPERS: [&str; 3] = ["user", "order", "news"];

    /// Adds a setting that all services share.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// What a service of `kind` is told of it.
    pub(super) fn env(&self, kind: Kind) -> Vec<(String, String)> {
        let mut env = vec![("REDIS_URL".to_owned(), self.redis.clone())];
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

    /// Brings the schema of each database up to date.
    ///
    /// # Errors
    /// When a migration fails, or a database is not reachable.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        for keeper in &self.keepers {
            let folder = migrations().join(keeper.name);
            let migrator = Migrator::new(folder.as_path()).await;
            let migrator = migrator.with_context(|| folder.display().to_string())?;
            let db = keeper.db();
            let migrated = Box::pin(db.migrate(&migrator, Deadline::after(LIMIT))).await;
            migrated.with_context(|| format!("migrating the database of {}", keeper.name))?;
        }
        Ok(())
    }

    /// Makes the demo accounts and plants the catalogue and the first articles, where they are not there yet.
    ///
    /// # Errors
    /// When a database is not reachable.
    pub async fn seed(&self) -> anyhow::Result<()> {
        for keeper in &self.keepers {
            let sown: BoxFuture<'_, anyhow::Result<()>> = match keeper.name {
                "user" => Box::pin(self.people()),
                "order" => Box::pin(products(keeper)),
                "news" => Box::pin(articles(keeper)),
                _ => continue,
            };
            let sown = Deadline::after(LIMIT).scope(sown).await;
            sown.with_context(|| format!("seeding the database of {}", keeper.name))?;
        }
        Ok(())
    }

    /// Makes the demo accounts.
    async fn people(&self) -> anyhow::Result<()> {
        let env = Env::local(self.env(Kind::User)).knowing(user::Service::SETTINGS);
        let tools = user::Service::connect(&env)?.tools();
        user::seed::demo(&tools).await?;
        Ok(())
    }
}

impl Keeper {
    /// This database.
    pub fn db(&self) -> Db {
        let list = |urls: &str| urls.split(',').map(str::to_owned).collect();
        let (primaries, replicas) = (list(&self.primary), list(&self.replica));
        Db::connect(Settings {
            primaries,
            replicas,
            ..Settings::default()
        })
    }
}

/// The folder `migrations` of this repository.
fn migrations() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations")
}

async fn products(keeper: &Keeper) -> anyhow::Result<()> {
    Ok(order::seed::run(&keeper.db()).await?)
}

async fn articles(keeper: &Keeper) -> anyhow::Result<()> {
    Ok(news::seed::run(&keeper.db()).await?)
}
