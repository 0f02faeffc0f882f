//! Customers who come by themselves, whether the shop keeps up or not, and a view of how it goes.

mod view;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use drill::{Customer, Door, Gauge, Mix, Product, Traffic};
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Who fills the shelf; the shop that knows the password is one for a demo.
const ADMIN: user::seed::Demo = user::seed::DEMO[0];
/// What a customer brings along: as much as one top-up may.
const MONEY: i64 = 1_000_000;
/// How many customers come at least, and at most: they take turns.
const FEWEST: i64 = 4;
const MOST: i64 = 200;
/// How many products they order.
const PRODUCTS: u32 = 5;
/// After so long others come, with money of their own.
const ROUND: Duration = Duration::from_mins(1);
/// How long anybody waits for an answer, and until they give up.
const PATIENCE: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(30);
/// How long we wait before we come again to a shop that lets nobody in.
const PAUSE: Duration = Duration::from_secs(1);

/// Who comes, how many, and for how long.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Rate {
    /// What they come for: browse, cart, checkout, flash-sale, sign-in-storm, day, all. When not said, orders and looks as below.
    #[arg(long)]
    pub mix: Option<Mix>,
    /// How many order each second; with a mix, how many come is the sum of both.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=200))]
    pub orders: u32,
    /// How many look for products each second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub looks: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// Say a line each minute, also at a terminal.
    #[arg(long)]
    pub quiet: bool,
}

impl Rate {
    /// The parts of the traffic: by a mix, or orders and looks each at their own rate.
    fn parts(self) -> Vec<(Mix, u32)> {
        match self.mix {
            Some(mix) => vec![(mix, self.orders + self.looks)],
            None => vec![(Mix::Orders, self.orders), (Mix::Browse, self.looks)],
        }
    }
}

/// Has customers come to `doors` at `rate`, whether the shop keeps up or not, and shows what becomes of them: as it happens at a
/// terminal, a line each minute elsewhere. What they buy is put on the shelf first.
///
/// # Errors
/// When this machine cannot send.
pub async fn run(doors: &[Door], rate: Rate) -> anyhow::Result<()> {
    let (start, whole) = (Instant::now(), Duration::from_secs(rate.seconds));
    let gauge = Arc::<Gauge>::default();
    let view = view::begin(gauge.clone(), rate.quiet);
    while start.elapsed() < whole {
        let after = start.elapsed();
        match scene(doors, rate, after, whole).await {
            Ok(parts) => round(parts, &gauge).await?,
            Err(error) => {
                view.line(format_args!("Nobody is let in: {error:#}"));
                sleep(PAUSE).await;
            }
        }
        view.round(&gauge);
    }
    view.end(&gauge);
    Ok(())
}

async fn round(parts: Vec<Traffic>, gauge: &Arc<Gauge>) -> anyhow::Result<()> {
    let flows: Vec<_> = parts
        .into_iter()
        .map(|part| part.begin(Arc::default(), gauge.clone()))
        .collect();
    for flow in flows {
        flow.over().await?;
    }
    Ok(())
}

/// Those who come within the next round, let in, with what they order on the shelf.
async fn scene(
    doors: &[Door],
    rate: Rate,
    after: Duration,
    whole: Duration,
) -> anyhow::Result<Vec<Traffic>> {
    let door = doors.first().context("the shop is nowhere")?;
    let most = i64::from(rate.orders + rate.looks) * i64::try_from(ROUND.as_secs())?;
    let products = shelve(door, 5 * most).await?;
    let price = products.iter().map(|product| product.price).max();
    let wanted = 1 + 3 * most * price.unwrap_or_default() / MONEY;
    let count = usize::try_from(wanted.clamp(FEWEST, MOST))?;
    let buyers = Traffic::buyers(door, count).await?;
    let part = |(mix, rate): (Mix, u32)| Traffic {
        doors: doors.to_vec(),
        products: products.clone(),
        buyers: buyers.clone(),
        mix,
        rate: rate.into(),
        time: whole,
        until: (after + ROUND).min(whole),
        after,
        patience: PATIENCE,
        limit: LIMIT,
        seed: rand::random(),
        name: format!("load-{}", Uuid::now_v7().simple()),
    };
    let parts = rate.parts().into_iter().filter(|(_, rate)| *rate > 0);
    Ok(parts.map(part).collect())
}

/// Puts `units` more of the first products on the shelf.
async fn shelve(door: &Door, units: i64) -> anyhow::Result<Vec<Product>> {
    let mut admin = Customer::of(door);
    admin.sign_in(ADMIN.email, ADMIN.password).await?;
    let mut products = Vec::new();
    for found in admin.browse(PRODUCTS).await? {
        let id = found["id"].as_str().context("a product without an id")?;
        let price = found["price"]["amount"].as_i64();
        let path = format!("/v1/admin/products/{id}/stock/restocks");
        let (key, body) = (Uuid::now_v7().to_string(), json!({"quantity": units}));
        admin.post(&path, &key, &body).await?.good()?;
        products.push(Product {
            id: api::id::PRODUCT.read(id)?,
            price: price.context("a product without a price")?,
        });
    }
    anyhow::ensure!(!products.is_empty(), "the catalogue is empty");
    Ok(products)
}
