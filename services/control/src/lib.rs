//! What sees to the house: locks, faults, resources, capacity.
//!
//! The shop goes on when every instance of it is down. A request's way: [`grpc`] reads it, a file named for the work carries
//! it out, [`store`] keeps it.

pub mod allowing;
pub mod backups;
pub mod board;
pub mod config;
mod detector;
pub mod domain;
pub mod error;
pub mod faults;
pub mod grpc;
pub mod ledger;
pub mod locks;
mod migrate;
pub mod said;
mod scaler;
pub mod scaling;
pub mod store;
pub mod tools;

use api::control::audit_server::AuditServer;
use api::control::backups_server::BackupsServer;
use api::control::faults_server::FaultsServer;
use api::control::locks_server::LocksServer;
use api::control::registry_server::RegistryServer;
use api::control::resources_server::ResourcesServer;
use api::control::scaling_server::ScalingServer;
use api::keda::external_scaler_server::ExternalScalerServer;
use chassis::{Env, Guest, Instance, Migration, NotMigrated, Setting, Wrong};
use db::Db;
use tonic::service::Routes;

use crate::config::{Config, Neighbours, Watched};
use crate::grpc::audit::Audit;
use crate::grpc::backups::Backups;
use crate::grpc::faults::Faults;
use crate::grpc::keda::Keda;
use crate::grpc::locks::Locks;
use crate::grpc::registry::Registry;
use crate::grpc::resources::Resources;
use crate::grpc::scaling::Scaling;
use crate::ledger::spool::Spool;
use crate::tools::Tools;

/// The control service.
pub struct Service {
    tools: Tools,
    watched: Watched,
    neighbours: Neighbours,
}

impl Service {
    /// Stands ready with what `env` names, whether or not it is up yet.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn connect(env: &Env) -> Result<Self, Wrong> {
        let config = Config::read(env)?;
        let watched = Watched::read(env)?;
        let spool = Spool::open(watched.spool.clone());
        let tools = Tools::new(Db::connect(config.database), spool);
        Ok(Self {
            tools,
            watched,
            neighbours: Neighbours::read(env)?,
        })
    }
}

impl chassis::Service for Service {
    const SETTINGS: &'static [Setting] = config::SETTINGS;
    const CALLERS: &'static [&'static str] = &["gateway", "user", "order", "news", "control"];
    const GUESTS: &'static [Guest] = &[Guest {
        name: "keda",
        asks: "externalscaler.ExternalScaler",
    }];

    fn begin(&self, instance: &Instance) {
        let db = self.tools.db.clone();
        instance.needs("database", move || {
            let db = db.clone();
            async move { db.ready().await }
        });
        detector::begin(instance, &self.watched, &self.tools);
        let tools = self.tools.clone();
        instance.spawn("said", move |closing| {
            let tools = tools.clone();
            async move { tools.said.follow(tools.db, closing).await }
        });
        let tools = self.tools.clone();
        instance.spawn("scaler", move |closing| scaler::run(tools.clone(), closing));
        let db = self.tools.db.clone();
        instance.heed(move |allowance| db.allow(allowance.database_connections));
        let desk = self.tools.locks.clone();
        instance.spawn("locks", move |closing| {
            locks::tend::run(desk.clone(), closing)
        });
    }

    async fn migrate(env: &Env, asked: &Migration) -> Result<(), NotMigrated> {
        migrate::run(env, asked).await
    }

    fn routes(&self) -> Routes {
        let resources = Resources::new(self.tools.clone());
        let registry = Registry::new(self.tools.clone());
        let faults = Faults::new(self.tools.clone());
        let backups = Backups::new(self.watched.chores.backup.clone());
        let locks = Locks::new(self.tools.locks.clone());
        let audit = Audit::new(self.tools.clone(), self.neighbours.clone());
        Routes::new(ResourcesServer::new(resources))
            .add_service(RegistryServer::new(registry))
            .add_service(FaultsServer::new(faults))
            .add_service(LocksServer::new(locks))
            .add_service(AuditServer::new(audit))
            .add_service(BackupsServer::new(backups))
            .add_service(ScalingServer::new(Scaling::new(self.tools.clone())))
            .add_service(ExternalScalerServer::new(Keda::new(self.tools.clone())))
    }
}
