//! What a load orders: there before anybody comes, and filled up beside them.

use std::time::Duration;

use anyhow::Context as _;
use drill::{Customer, Door, Product};
use serde_json::json;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Who fills it; the shop that knows the password is one for a demo.
const ADMIN: user::seed::Demo = user::seed::DEMO[0];
/// How many products are ordered.
const PRODUCTS: u32 = 5;
/// So often it is filled up.
const PERIOD: Duration = Duration::from_mins(1);
/// How many units of one somebody orders at most, and how many one restock brings.
const UNITS: f64 = 3.0;
const MOST: f64 = 1_000_000.0;
/// How long an answer is waited for, and until the same is sent again.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_secs(1);

/// The first products of the catalogue.
#[derive(Debug)]
pub(super) struct Shelf {
    admin: Customer,
    products: Vec<Product>,
    /// How many units of each are enough for a period.
    units: i64,
}

impl Shelf {
    /// Fills it for two periods in which `visits` come each second: one that begins now, and one in which it cannot be filled up.
    pub(super) async fn fill(door: &Door, visits: f64) -> anyhow::Result<Self> {
        let mut admin = Customer::of(door);
        admin.sign_in(ADMIN.email, ADMIN.password).await?;
        let found = admin.browse(PRODUCTS).await?;
        let products: Vec<Product> = found.iter().map(product).collect::<Result<_, _>>()?;
        anyhow::ensure!(!products.is_empty(), "the catalogue is empty");
        let mut shelf = Self {
            admin,
            products,
            units: units(visits),
        };
        for _ in 0..2 {
            shelf.add(&Uuid::now_v7().to_string()).await?;
        }
        Ok(shelf)
    }

    /// What is on it.
    pub(super) fn products(&self) -> &[Product] {
        &self.products
    }

    /// Fills it up each period, for as long as it is asked to; what was not answered is sent again, at the next of `doors`.
    pub(super) async fn keep_full(mut self, doors: Vec<Door>) {
        let mut doors = doors.iter().cycle();
        loop {
            sleep(PERIOD).await;
            let key = Uuid::now_v7().to_string();
            while !matches!(timeout(PATIENCE, self.add(&key)).await, Ok(Ok(()))) {
                sleep(AGAIN).await;
                if let Some(door) = doors.next() {
                    self.admin = self.admin.at(door);
                }
            }
        }
    }

    /// Adds units of each; sent again with the same `key`, it adds none.
    async fn add(&mut self, key: &str) -> anyhow::Result<()> {
        for product in &self.products {
            let id = product.shown();
            let path = format!("/v1/admin/products/{id}/stock/restocks");
            let (key, body) = (format!("{key}-{id}"), json!({"quantity": self.units}));
            self.admin.post(&path, &key, &body).await?.good()?;
        }
        Ok(())
    }
}

fn product(found: &serde_json::Value) -> anyhow::Result<Product> {
    let id = found["id"].as_str().context("a product without an id")?;
    let price = found["price"]["amount"].as_i64();
    Ok(Product {
        id: api::id::PRODUCT.read(id)?,
        price: price.context("a product without a price")?,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a million at most")]
fn units(visits: f64) -> i64 {
    (visits * PERIOD.as_secs_f64() * UNITS).clamp(1.0, MOST) as i64
}
