//! The kinds of services, and how each is started.

use std::process::ExitCode;

use chassis::{Env, NotMigrated, NotStarted, Running, Service, Setting, Wrong};

/// A kind of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Accounts and money.
    User,
    /// Articles.
    News,
    /// Products and orders.
    Order,
    /// The front door.
    Gateway,
    /// Locks, faults, resources, capacity.
    Control,
}

impl Kind {
    /// All of them, each after those that it calls; control calls all, and none needs it to begin.
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::News,
        Self::Order,
        Self::Gateway,
        Self::Control,
    ];

    /// What it is called, in settings and by others.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::News => "news",
            Self::Order => "order",
            Self::Gateway => "gateway",
            Self::Control => "control",
        }
    }

    /// What it is set by, beside what all services share.
    pub fn settings(self) -> &'static [Setting] {
        match self {
            Self::News => news::Service::SETTINGS,
            Self::Order => order::Service::SETTINGS,
            Self::User => user::Service::SETTINGS,
            Self::Gateway => gateway::Gateway::SETTINGS,
            Self::Control => control::Service::SETTINGS,
        }
    }

    /// Reads its settings as its start does, and begins nothing.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn check(self, env: &Env) -> Result<(), Wrong> {
        let env = &env.clone().proving(self.name())?;
        match self {
            Self::News => news::Service::connect(env).map(drop),
            Self::Order => order::Service::connect(env).map(drop),
            Self::User => user::Service::connect(env).map(drop),
            Self::Gateway => gateway::Gateway::connect(env).map(drop),
            Self::Control => control::Service::connect(env).map(drop),
        }
    }

    /// Brings its database up to date, as its own program does.
    pub(super) async fn migrate(self, env: Env) -> Result<(), NotMigrated> {
        match self {
            Self::News => chassis::migrate::<news::Service>(env).await,
            Self::Order => chassis::migrate::<order::Service>(env).await,
            Self::User => chassis::migrate::<user::Service>(env).await,
            Self::Gateway => chassis::migrate::<gateway::Gateway>(env).await,
            Self::Control => chassis::migrate::<control::Service>(env).await,
        }
    }

    /// Starts one inside of this process.
    pub(crate) async fn start(self, env: Env) -> Result<Running, NotStarted> {
        match self {
            Self::News => chassis::start("news", env, news::Service::connect).await,
            Self::Order => chassis::start("order", env, order::Service::connect).await,
            Self::User => chassis::start("user", env, user::Service::connect).await,
            Self::Gateway => chassis::start("gateway", env, gateway::Gateway::connect).await,
            Self::Control => chassis::start("control", env, control::Service::connect).await,
        }
    }

    /// Is one: runs until it is asked to end.
    pub async fn run(self) -> ExitCode {
        match self {
            Self::News => chassis::run("news", news::Service::connect).await,
            Self::Order => chassis::run("order", order::Service::connect).await,
            Self::User => chassis::run("user", user::Service::connect).await,
            Self::Gateway => chassis::run("gateway", gateway::Gateway::connect).await,
            Self::Control => chassis::run("control", control::Service::connect).await,
        }
    }
}
