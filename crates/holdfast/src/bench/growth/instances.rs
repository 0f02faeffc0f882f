//! What an order costs as there are more instances of its service, each with a quota of processor time. Without one, the cores
//! of this machine would be all that is measured.

use std::time::Duration;

use anyhow::Context as _;
use stack::{Folder, Options, Postgres, Redis};
use tokio::time::Instant;

use super::quota::Quota;
use super::said;
use crate::bench::contest::Turns;
use crate::bench::cpu;
use crate::bench::figure::{Figure, Measured, Unit, spread};
use crate::bench::load::{self, Buyer};
use crate::bench::scene::{UNBOUND, ground, of, products, stock_up};
use crate::house::{House, Kind, Place};

/// How many customers order at once for each instance.
const CUSTOMERS: usize = 16;

/// What was found of so many instances, round by round.
#[derive(Clone, Debug, Default)]
struct Found {
    count: usize,
    cost: Vec<f64>,
    rate: Vec<f64>,
    p99: Vec<f64>,
}

/// Measures as many instances as `counts` say, ascending, each with `percent` of a core.
pub(super) async fn measure(
    turns: Turns,
    counts: &[usize],
    percent: u32,
) -> anyhow::Result<Measured> {
    // Nothing is started for nothing.
    if let Err(refused) = Quota::possible() {
        let table = format!("instances: not measured, for want of a quota ({refused})");
        let figures = Vec::new();
        return Ok(Measured { table, figures });
    }
    let mut scene = Scene::set(percent).await?;
    let mut all = Vec::new();
    for count in counts {
        scene.grow(*count).await?;
        scene.enrol(count * CUSTOMERS).await?;
        scene.turn(turns.turn / 4, &mut Found::default()).await?;
        let mut found = Found {
            count: *count,
            ..Found::default()
        };
        for _ in 0..turns.rounds {
            scene.turn(turns.turn, &mut found).await?;
        }
        all.push(found);
    }
    scene.strike().await;
    Ok(tell(&all, percent))
}

fn tell(all: &[Found], percent: u32) -> Measured {
    let (mut told, mut figures) = (Vec::new(), Vec::new());
    for found in all {
        let name = format!("{} of the order service", said(found.count));
        told.push(format!(
            "{name}, {percent} % of a core each: {} us of CPU for an order, {} a second, p99 {} ms",
            spread(found.cost.clone()),
            spread(found.rate.clone()),
            spread(found.p99.clone())
        ));
        let first = &all[0];
        let peer = format!("{} of it", said(first.count));
        let figure = |what: &str, unit, of: fn(&Found) -> &Vec<f64>| {
            let figure = Figure::of(format!("{what} by {name}"), unit, of(found).clone());
            if found.count == first.count {
                figure
            } else {
                figure.beside(&peer, of(first).clone())
            }
        };
        figures.extend([
            figure("an order", Unit::Cpu, |found| &found.cost),
            figure("orders", Unit::Rate, |found| &found.rate),
            figure("an order's p99", Unit::Time, |found| &found.p99),
        ]);
    }
    let table = told.join("\n");
    Measured { table, figures }
}

struct Scene {
    house: House,
    percent: u32,
    quotas: Vec<Quota>,
    buyers: Vec<Buyer>,
    products: Vec<String>,
    redis: Redis,
    postgres: Postgres,
    _folder: Folder,
}

impl Scene {
    /// Starts all but the order service and the gateway.
    async fn set(percent: u32) -> anyhow::Result<Self> {
        let folder = Folder::scratch()?;
        let options = Options {
            durable: true,
            ..Options::scratch()?
        };
        let postgres = Postgres::start(options).await?;
        let redis = Redis::start().await?;
        let ground = ground(&postgres, &redis, "").await?;
        ground.migrate().await?;
        stock_up(&of(&ground, "order").primary).await?;
        let place = Place::Apart {
            program: std::env::current_exe()?,
            logs: folder.path().to_owned(),
        };
        let house = House::empty(ground, place);
        for kind in [Kind::News, Kind::User] {
            house.add(kind, &[]).await?;
        }
        Ok(Self {
            house,
            percent,
            quotas: Vec::new(),
            buyers: Vec::new(),
            products: Vec::new(),
            redis,
            postgres,
            _folder: folder,
        })
    }

    /// Adds instances of the order service until there are `count`, and a gateway that knows all of them.
    async fn grow(&mut self, count: usize) -> anyhow::Result<()> {
        let mut young = Vec::new();
        while self.house.seats(Kind::Order).len() < count {
            young.push(self.house.add(Kind::Order, &[]).await?);
        }
        let limits = ["RATE_ADDRESS", "RATE_ACCOUNT", "RATE_SIGN_IN"].map(|name| (name, UNBOUND));
        self.house.add(Kind::Gateway, &limits).await?;
        self.house.ready().await?;
        // From here on: to start takes more than a quota allows in good time.
        for seat in young {
            let pid = seat.process().and_then(|process| process.pid());
            let quota = Quota::set(pid.context("a process")?, self.percent)?;
            self.quotas.push(quota);
        }
        Ok(())
    }

    /// Makes customers until there are `count`.
    async fn enrol(&mut self, count: usize) -> anyhow::Result<()> {
        let (client, gateway) = (reqwest::Client::new(), self.gateway());
        for number in self.buyers.len()..count {
            let (buyer, _) = load::enrol(&client, &gateway, number).await?;
            self.buyers.push(buyer);
        }
        self.products = products(&gateway).await?;
        Ok(())
    }

    /// The youngest: it knows all.
    fn gateway(&self) -> String {
        self.house.urls().pop().unwrap_or_default()
    }

    /// All customers order for `time`.
    async fn turn(&self, time: Duration, found: &mut Found) -> anyhow::Result<()> {
        let (before, began) = (self.used(), Instant::now());
        let gateway = self.gateway();
        let tally = load::buy(&gateway, &self.buyers, &self.products, time).await?;
        let (used, took) = (self.used().saturating_sub(before), began.elapsed());
        let count = tally.orders.count();
        // Who finds no room is refused, and comes again.
        anyhow::ensure!(
            count > tally.others,
            "{count} orders, {} other answers",
            tally.others
        );
        let orders = f64::from(u32::try_from(count)?);
        found.cost.push(used.as_secs_f64() * 1e6 / orders);
        found.rate.push(orders / took.as_secs_f64());
        found.p99.push(tally.orders.p99());
        Ok(())
    }

    fn used(&self) -> Duration {
        let seats = self.house.all();
        let services = seats.iter().filter_map(|seat| seat.process()?.pid());
        let servers = [self.postgres.primary().pid(), self.postgres.replica().pid()];
        let all = services
            .chain(servers.into_iter().flatten())
            .chain(self.redis.pid());
        cpu::all(&all.collect::<Vec<_>>())
    }

    async fn strike(self) {
        // Without quotas they end in good time.
        drop(self.quotas);
        self.house.stop().await;
        self.redis.stop().await;
        self.postgres.stop().await;
    }
}
