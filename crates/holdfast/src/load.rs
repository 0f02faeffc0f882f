//! Customers who order at a steady rate, so that there is something to look at.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use drill::{Buyer, Customer, Door, Flood, Product, Tally};
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::say;

/// Who fills the shelf; the shop that knows the password is one for a demo.
const ADMIN: user::seed::Demo = user::seed::DEMO[0];
/// What a customer brings along: as much as one top-up may.
const MONEY: i64 = 1_000_000;
/// How many customers come at least.
const FEWEST: i64 = 4;
/// After so long others come, with money of their own.
const ROUND: Duration = Duration::from_mins(1);
/// How long anybody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long we wait before we come again to a shop that lets nobody in.
const PAUSE: Duration = Duration::from_secs(1);

/// How many come, and for how long.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Rate {
    /// How many order each second.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub orders: u32,
    /// How many look for products each second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub looks: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
}

/// Has customers come to `doors` at `rate`, whether the shop keeps up or not, and says each minute what became of them. What
/// they buy is put on the shelf first.
///
/// # Errors
/// When this machine cannot send.
pub async fn run(doors: &[Door], rate: Rate) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(rate.seconds);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        match flood(doors, rate, left.min(ROUND)).await {
            Ok(flood) => {
                let (orders, looks) = flood.run(&Arc::default()).await?;
                say::line(format_args!(
                    "orders: {}; looks: {}",
                    told(&orders),
                    told(&looks)
                ));
            }
            Err(error) => {
                say::line(format_args!("Nobody is let in: {error:#}"));
                sleep(PAUSE).await;
            }
        }
    }
}

/// Those who come within `time`, let in, with what they order on the shelf.
async fn flood(doors: &[Door], rate: Rate, time: Duration) -> anyhow::Result<Flood> {
    let door = doors.first().context("the shop is nowhere")?;
    let orders = i64::from(rate.orders) * i64::try_from(time.as_secs() + 1)?;
    let product = shelve(door, orders).await?;
    let mut buyers = Vec::new();
    for _ in 0..FEWEST.max(1 + orders * product.price / MONEY) {
        buyers.push(Buyer::join(door, MONEY).await?);
    }
    Ok(Flood {
        doors: doors.to_vec(),
        buyers,
        product,
        orders: rate.orders,
        looks: rate.looks,
        time,
        patience: PATIENCE,
        name: "load",
    })
}

/// Puts `units` more of the first product on the shelf.
async fn shelve(door: &Door, units: i64) -> anyhow::Result<Product> {
    let mut admin = Customer::of(door);
    admin.sign_in(ADMIN.email, ADMIN.password).await?;
    let found = admin.browse(1).await?;
    let found = found.first().context("the catalogue is empty")?;
    let id = found["id"].as_str().context("a product without an id")?;
    let price = found["price"]["amount"].as_i64();
    let path = format!("/v1/admin/products/{id}/stock/restocks");
    let (key, body) = (Uuid::now_v7().to_string(), json!({"quantity": units}));
    admin.post(&path, &key, &body).await?.good()?;
    Ok(Product {
        id: api::id::PRODUCT.read(id)?,
        price: price.context("a product without a price")?,
    })
}

fn told(tally: &Tally) -> String {
    format!(
        "{} sent, {} served (p99 {:.0} ms), {} refused for want of room, {} failed",
        tally.sent,
        tally.served.len(),
        tally.slowest().as_secs_f64() * 1000.0,
        tally.shed.len(),
        tally.failed
    )
}
