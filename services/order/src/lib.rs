//! Products, stock, carts and orders.
//!
//! An order's way: [`grpc`]`::orders` reads it, [`place_order`] carries it through, [`store`] keeps it.

pub mod browse;
pub mod cancel_order;
pub mod config;
pub mod domain;
pub mod error;
pub mod events;
pub mod fill_cart;
mod grpc;
pub mod list_orders;
mod migrate;
pub mod move_order;
pub mod place_order;
pub mod prune;
pub mod refund_order;
pub mod relay;
pub mod remembered;
pub mod restock;
pub mod sagas;
pub mod seed;
mod settling;
pub mod shelve;
pub mod store;
pub mod tools;
pub mod wallet;

use std::sync::Arc;
use std::time::Duration;

use api::user::users_client::UsersClient;
use chassis::{Env, Instance, Migration, NotMigrated, Setting, Wrong};
use discovery::Channel;
use saga::Book;
use tonic::service::Routes;

use crate::cancel_order::CancelOrder;
use crate::place_order::PlaceOrder;

pub use config::Config;
pub use error::Error;
pub use tools::Tools;

/// The order service.
pub struct Service {
    tools: Arc<Tools>,
    users: UsersClient<Channel>,
}

/// How long a saga under way may take to end when the process is asked to. What is left is recovery's.
const DRAIN: Duration = Duration::from_secs(3);

impl Service {
    /// Lays out what it works with. Nothing is asked of anybody yet.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn connect(env: &Env) -> Result<Self, Wrong> {
        let user = env.channel("user")?;
        Ok(Self {
            tools: Arc::new(Tools::new(&Config::read(env)?, user.clone())),
            users: UsersClient::new(user),
        })
    }

    /// Takes up what nobody works on any more, until the instance closes, and then lets what is under way end.
    fn recover(&self, instance: &Instance) {
        let tools = self.tools.clone();
        instance.spawn("recovery", move |closing| {
            let tools = tools.clone();
            async move {
                let recovery = tools.runner.clone().keep_recovering(book(), tools.clone());
                let _ = closing.run_until_cancelled(recovery).await;
                tools.runner.drain(DRAIN).await;
            }
        });
    }

    fn relay(&self, instance: &Instance) {
        let (tools, users) = (self.tools.clone(), self.users.clone());
        instance.spawn("relay", move |closing| {
            let (tools, users) = (tools.clone(), users.clone());
            async move {
                let _ = closing
                    .run_until_cancelled(relay::run(&tools, &users))
                    .await;
            }
        });
    }

    fn prune(&self, instance: &Instance) {
        let db = self.tools.db.clone();
        instance.spawn("prune", move |closing| {
            let db = db.clone();
            async move {
                let _ = closing.run_until_cancelled(prune::run(&db)).await;
            }
        });
    }
}

impl chassis::Service for Service {
    const SETTINGS: &'static [Setting] = config::SETTINGS;
    const CALLERS: &'static [&'static str] = &["gateway", "control"];

    fn begin(&self, instance: &Instance) {
        let db = self.tools.db.clone();
        instance.needs("database", move || {
            let db = db.clone();
            async move { db.ready().await }
        });
        let tools = self.tools.clone();
        instance.heed(move |allowance| {
            tools.db.allow(allowance.database_connections);
            tools.remembered.allow(allowance.cache_life);
        });
        self.recover(instance);
        self.relay(instance);
        self.prune(instance);
    }

    async fn migrate(env: &Env, asked: &Migration) -> Result<(), NotMigrated> {
        migrate::run(env, asked).await
    }

    fn routes(&self) -> Routes {
        grpc::routes(&self.tools)
    }
}

/// The sagas that this service goes on with.
pub fn book() -> Book<Tools> {
    Book::default().with::<PlaceOrder>().with::<CancelOrder>()
}
