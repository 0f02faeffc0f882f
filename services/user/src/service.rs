//! The user service, as it is started.

use std::sync::Arc;
use std::time::Duration;

use cache::Redis;
use chassis::{Env, Instance, Migration, NotMigrated, Setting, Wrong};
use secrecy::SecretString;
use tonic::service::Routes;
use tracing::warn;

use crate::{Config, Tools, config, grpc, keyring, migrate, prune, seed};

/// How soon seeding is tried again while the database is away.
const AGAIN: Duration = Duration::from_secs(1);

/// The user service.
pub struct Service {
    tools: Arc<Tools>,
    redis: Redis,
    first_admin: Option<(String, SecretString)>,
}

impl Service {
    /// Stands ready with what `env` names, whether or not it is up yet.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn connect(env: &Env) -> Result<Self, Wrong> {
        let mut config = Config::read(env)?;
        let redis = Redis::connect(&config.redis);
        let first_admin = config.first_admin.take();
        let tools = Arc::new(Tools::new(config, &redis));
        Ok(Self {
            tools,
            redis,
            first_admin,
        })
    }

    /// What it works with: for those who seed, and for tests.
    pub fn tools(&self) -> Arc<Tools> {
        Arc::clone(&self.tools)
    }
}

impl chassis::Service for Service {
    const SETTINGS: &'static [Setting] = config::SETTINGS;
    const CALLERS: &'static [&'static str] = &["gateway", "order", "control"];

    fn begin(&self, instance: &Instance) {
        let (db, redis) = (self.tools.db.clone(), self.redis.clone());
        instance.needs("database", move || {
            let db = db.clone();
            async move { db.ready().await }
        });
        let allowed = (self.tools.db.clone(), self.redis.clone());
        instance.heed(move |allowance| {
            allowed.0.allow(allowance.database_connections);
            allowed.1.allow(allowance.cache_life);
        });
        instance.wants("redis", move || std::future::ready(redis.is_up()));
        let tools = self.tools();
        instance.needs("signing keys", move || {
            std::future::ready(tools.keyring.is_ready())
        });
        let tools = self.tools();
        instance.spawn("signing keys", move |closing| {
            let work = turn_keys(Arc::clone(&tools));
            async move { closing.run_until_cancelled(work).await.unwrap_or_default() }
        });
        let tools = self.tools();
        instance.spawn("prune", move |closing| {
            let work = prune::run(tools.db.clone());
            async move { closing.run_until_cancelled(work).await.unwrap_or_default() }
        });
        let (tools, admin) = (self.tools(), self.first_admin.clone());
        instance.spawn("first admin", move |closing| {
            let work = begin_with(Arc::clone(&tools), admin.clone());
            async move { closing.run_until_cancelled(work).await.unwrap_or_default() }
        });
    }

    async fn migrate(env: &Env, asked: &Migration) -> Result<(), NotMigrated> {
        migrate::run(env, asked).await
    }

    fn routes(&self) -> Routes {
        grpc::routes(&self.tools)
    }
}

/// Keeps this instance's keys as all instances have them.
async fn turn_keys(tools: Arc<Tools>) {
    loop {
        let soon = match tools.keyring.refresh().await {
            Ok(()) => keyring::EVERY,
            Err(error) => {
                warn!(%error, "signing keys were not refreshed; the ones before stay");
                AGAIN
            }
        };
        tokio::time::sleep(soon).await;
    }
}

/// Makes the first administrator, as soon as that is possible.
async fn begin_with(tools: Arc<Tools>, admin: Option<(String, SecretString)>) {
    let Some((email, password)) = admin else {
        return;
    };
    while let Err(error) = seed::first_admin(&tools, &email, &password).await {
        warn!(%error, "no first administrator was made yet");
        tokio::time::sleep(AGAIN).await;
    }
}
