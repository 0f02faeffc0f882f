//! What a drill is played on: a shop of its own, customers, a lock's resource.

use std::time::Duration;

use anyhow::Context as _;
use chassis::{Env, Setting};
use db::Db;
use discovery::Channel;
use drill::{LOCK_TABLES, Mix, Product, Traffic};

use super::Asked;
use super::form::{Form, Way};
use crate::certs;
use crate::house::Kind;

/// Who comes.
const BUYERS: usize = 12;
/// What they order: plenty of most products, and little of one.
const PRODUCTS: usize = 7;
const PLENTY: i64 = 1_000_000_000;
/// How many there are of that one.
pub(super) const SCARCE: i64 = 60;
/// What the first one costs; each other one costs this much more than the one before it.
const PRICE: i64 = 3;
/// How long a customer waits for an answer, and until they give up.
const PATIENCE: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_mins(1);
/// Longer than any drill.
const EVER: Duration = Duration::from_hours(48);
/// The database of the lock's resource.
const RESOURCE: &str = "drill";
const NEIGHBOURS: &[Setting] = &[Setting::required("CONTROL_ADDRS", "Where the service is.")];

/// All of it.
pub(super) struct Scene<F> {
    pub(super) form: F,
    /// The way to the lock service.
    pub(super) channel: Channel,
    /// What the lock protects.
    pub(super) resource: Db,
    products: Vec<Product>,
}

impl<F: Form> Scene<F> {
    /// Opens it.
    pub(super) async fn open(asked: &Asked) -> anyhow::Result<Self> {
        let form = F::open(asked).await?;
        Ok(Self {
            channel: channel(form.locks().await?)?,
            resource: resource(&form).await?,
            products: products(&form).await?,
            form,
        })
    }

    /// The one product of which there is little.
    pub(super) fn scarce(&self) -> Product {
        self.products[PRODUCTS]
    }

    /// Those who come, `rate` a second.
    pub(super) async fn traffic(&self, rate: f64, seed: u64) -> anyhow::Result<Traffic> {
        let doors = self.form.doors().to_vec();
        let door = doors.first().context("a front door")?;
        Ok(Traffic {
            buyers: Traffic::buyers(door, BUYERS).await?,
            doors,
            products: self.products.clone(),
            parts: vec![(Mix::All, rate)],
            time: EVER,
            patience: PATIENCE,
            limit: LIMIT,
            seed,
            name: "drill".to_owned(),
        })
    }
}

/// The way to the lock service, as one of the house has it.
fn channel(way: Way) -> anyhow::Result<Channel> {
    let proofs = certs::settings(&way.certs, Kind::Order);
    let found = [
        ("CONTROL_ADDRS".to_owned(), way.addrs),
        ("SERVICE_TOKEN".to_owned(), way.token),
    ];
    let env = Env::local(found.into_iter().chain(proofs)).knowing(NEIGHBOURS);
    Ok(env.proving("order")?.channel("control")?)
}

/// What the lock protects: a database of its own.
async fn resource(form: &impl Form) -> anyhow::Result<Db> {
    let resource = form.provide(RESOURCE).await?;
    let leader = form.store(RESOURCE).await?;
    for table in LOCK_TABLES {
        sqlx::query(table).execute(&leader).await?;
    }
    Ok(resource)
}

async fn products(form: &impl Form) -> anyhow::Result<Vec<Product>> {
    let order = form.store("order").await?;
    let mut products = Vec::new();
    for (number, price) in (0..=PRODUCTS).zip((1..).map(|times| times * PRICE)) {
        let units = if number == PRODUCTS { SCARCE } else { PLENTY };
        products.push(Product::shelve(&order, units, price).await?);
    }
    Ok(products)
}
