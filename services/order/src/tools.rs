//! What every piece of work in this service has at hand.

use std::sync::Arc;

use cache::Redis;
use db::{Db, Group};
use discovery::Channel;
use saga::{Runner, Taken};
use tracing::warn;

use crate::Config;
use crate::domain::restocking::Outcome;
use crate::domain::stock::Restock;
use crate::remembered::Remembered;
use crate::store::place::{Placed, Placing, place};
use crate::store::settle::{Task, confirm, release};
use crate::store::{cancel, restocks};
use crate::wallet::Wallet;

/// What every piece of work in this service has at hand.
pub struct Tools {
    /// The order database.
    pub db: Db,
    /// The shop's one currency, ISO 4217.
    pub currency: String,
    /// What is remembered of the catalogue.
    pub remembered: Remembered,
    /// Restocks, in groups.
    pub restocks: Group<Restock, Outcome>,
    /// Works on sagas.
    pub runner: Runner,
    /// Where money is.
    pub wallet: Wallet,
    /// Places orders, all that wait at a time.
    pub places: Group<Arc<Placing>, Placed>,
    confirms: Group<Task, Taken>,
    releases: Group<Task, Taken>,
    returns: Group<Task, Taken>,
    finishes: Group<Task, Taken>,
}

impl Tools {
    /// Lays everything out. Nothing is asked of anybody yet.
    pub fn new(config: &Config, user: Channel) -> Self {
        let db = Db::connect(config.database.clone());
        let runner = Runner::new(db.clone(), config.sagas.clone());
        let runner = match config.crash.clone() {
            Some(crash) => runner.watched_by(crash),
            None => runner,
        };
        let remembered = Remembered::new(&Redis::connect(&config.redis));
        let tools = Self::with(db, runner, Wallet::over(user), config.currency.clone());
        Self {
            remembered,
            ..tools
        }
    }

    /// The same of parts that a test brings along, without a Redis.
    pub fn with(db: Db, runner: Runner, wallet: Wallet, currency: String) -> Self {
        Self {
            remembered: Remembered::new(&Redis::connect("redis://127.0.0.1:1")),
            restocks: Group::start(&db, "restock", restocks::add),
            places: Group::start(&db, "place", |tx, jobs| Box::pin(place(tx, jobs))),
            confirms: Group::start(&db, "confirm", |tx, tasks| Box::pin(confirm(tx, tasks))),
            releases: Group::start(&db, "release", |tx, tasks| Box::pin(release(tx, tasks))),
            returns: Group::start(&db, "return stock", |tx, tasks| {
                Box::pin(cancel::return_stock(tx, tasks))
            }),
            finishes: Group::start(&db, "finish cancel", |tx, tasks| {
                Box::pin(cancel::finish(tx, tasks))
            }),
            db,
            currency,
            runner,
            wallet,
        }
    }

    /// Confirms a paid order and ends its saga.
    pub async fn confirm(&self, task: Task) -> Taken {
        taken(self.confirms.submit(task).await)
    }

    /// Gives back what an order held, rejects it and ends its saga.
    pub async fn release(&self, task: Task) -> Taken {
        taken(self.releases.submit(task).await)
    }

    /// Puts the stock of an order back that is being cancelled.
    pub async fn return_stock(&self, task: Task) -> Taken {
        taken(self.returns.submit(task).await)
    }

    /// Marks an order as cancelled and ends its saga.
    pub async fn finish_cancel(&self, task: Task) -> Taken {
        taken(self.finishes.submit(task).await)
    }
}

/// Whatever went wrong, the step may have been kept.
fn taken(ended: Result<Taken, db::Error>) -> Taken {
    ended.unwrap_or_else(|error| {
        warn!(%error, "nobody knows of a step");
        Taken::Unknown
    })
}
