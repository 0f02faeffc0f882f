//! Articles: what the shop has to tell.
//!
//! The smallest service, written to be copied: `docs/add-a-service.md` says how. A request's way: [`grpc`] reads it,
//! [`reading`] and [`editing`] carry it out, [`store`] keeps it.

pub mod config;
pub mod domain;
pub mod editing;
pub mod error;
pub mod grpc;
mod migrate;
pub mod reading;
pub mod seed;
pub mod store;
pub mod tools;

use api::news::news_server::NewsServer;
use cache::Redis;
use chassis::{Env, Instance, Migration, NotMigrated, Setting, Wrong};
use db::Db;
use tonic::service::Routes;

use crate::config::Config;
use crate::grpc::News;
use crate::tools::Tools;

/// The news service.
pub struct Service {
    tools: Tools,
    redis: Redis,
}

impl Service {
    /// Stands ready with what `env` names, whether or not it is up yet.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn connect(env: &Env) -> Result<Self, Wrong> {
        let config = Config::read(env)?;
        let redis = Redis::connect(&config.redis);
        let tools = Tools::new(Db::connect(config.database), &redis);
        Ok(Self { tools, redis })
    }
}

impl chassis::Service for Service {
    const SETTINGS: &'static [Setting] = config::SETTINGS;
    const CALLERS: &'static [&'static str] = &["gateway", "control"];

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
    }

    async fn migrate(env: &Env, asked: &Migration) -> Result<(), NotMigrated> {
        migrate::run(env, asked).await
    }

    fn routes(&self) -> Routes {
        Routes::new(NewsServer::new(News::new(self.tools.clone())))
    }
}
