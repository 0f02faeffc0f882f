//! What is measured: one Postgres pair, one Redis, our services and the baseline's, each a process of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection};
use stack::{Folder, Launch, Options, Postgres, Process, Redis, free_port};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::cpu;
use super::groups::{self, Groups};
use super::load::{self, Buyer};
use crate::house::{Ground, House, Keeper, Kind, Place};

/// No limit of the gateway's is to be met here.
pub(super) const UNBOUND: &str = "1000000000/1m";
/// What the services let each other in by, in a shop that ends with its run.
pub(super) const SERVICE_TOKEN: &str = "a token for a bench only";
/// Stock and money that no bench uses up.
const PLENTY: i64 = 1_000_000_000_000;
/// How long it may take until all customers have been told.
const SETTLES: Duration = Duration::from_mins(2);
/// How long a process may take until it listens.
const LISTENS: Duration = Duration::from_secs(20);

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Holdfast.
    Ours,
    /// What one would write first.
    Baseline,
    /// One transaction, no wallet: less than is promised here, and the least that anybody would call an order.
    Plain,
}

impl Side {
    /// In the order of their turns.
    pub(super) const ALL: [Self; 3] = [Self::Ours, Self::Baseline, Self::Plain];

    /// What tables call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "Holdfast",
            Self::Baseline => "baseline",
            Self::Plain => "plain shop",
        }
    }
}

/// All that runs.
pub(super) struct Scene {
    /// Who orders.
    pub(super) buyers: Vec<Buyer>,
    /// What is ordered.
    pub(super) products: Vec<String>,
    house: House,
    gateways: Vec<String>,
    baseline: [Process; 3],
    pub(super) redis: Redis,
    pub(super) postgres: Postgres,
    orders: PgConnection,
    _folder: Folder,
}

impl Scene {
    /// Starts everything and enrols `buyers`.
    pub(super) async fn set(buyers: usize) -> anyhow::Result<Self> {
        let folder = Folder::scratch()?;
        // As in a shop: what is committed is on disk, here and on the standby.
        let options = Options {
            durable: true,
            ..Options::scratch()?
        };
        let postgres = Postgres::start(options).await?;
        let redis = Redis::start().await?;
        let ours = ground(&postgres, &redis, "").await?;
        let theirs = ground(&postgres, &redis, "_baseline").await?;
        for ground in [&ours, &theirs] {
            ground.migrate().await?;
            stock_up(&of(ground, "order").primary).await?;
        }
        let program = std::env::current_exe()?;
        let wallet = start_baseline(
            &program,
            &folder,
            "wallet",
            "wallet",
            &of(&theirs, "user").primary,
            None,
        )
        .await?;
        let orders = &of(&theirs, "order").primary;
        let plain = start_baseline(&program, &folder, "orders", "plain", orders, None).await?;
        let orders = start_baseline(
            &program,
            &folder,
            "orders",
            "orders",
            orders,
            Some(wallet.1),
        )
        .await?;
        let place = Place::Apart {
            program,
            logs: folder.path().to_owned(),
        };
        let database = PgConnection::connect(&of(&ours, "order").primary).await?;
        let house = open(ours, place, [orders.1, plain.1]).await?;
        let gateways = house.urls();
        let enrolled = enrol(&gateways[0], buyers, &of(&theirs, "user").primary).await?;
        Ok(Self {
            buyers: enrolled,
            products: products(&gateways[0]).await?,
            house,
            gateways,
            baseline: [wallet.0, orders.0, plain.0],
            redis,
            postgres,
            orders: database,
            _folder: folder,
        })
    }

    /// Where a side's customers order.
    pub(super) fn gateway(&self, side: Side) -> &str {
        &self.gateways[side as usize]
    }

    /// The CPU that each process of a side has used so far.
    pub(super) fn used(&self, side: Side) -> Vec<(&'static str, Duration)> {
        let seat = |kind, at: usize| {
            let seats = self.house.seats(kind);
            seats.get(at).and_then(|seat| seat.process()?.pid())
        };
        let [wallet, orders, plain] = self.baseline.each_ref().map(Process::pid);
        let (gateway, order, user) = match side {
            Side::Ours => (
                seat(Kind::Gateway, 0),
                seat(Kind::Order, 0),
                seat(Kind::User, 0),
            ),
            Side::Baseline => (seat(Kind::Gateway, 1), orders, wallet),
            Side::Plain => (seat(Kind::Gateway, 2), plain, None),
        };
        let all = [
            ("gateway", gateway),
            ("order", order),
            ("user", user),
            ("Postgres, primary", self.postgres.primary().pid()),
            ("Postgres, replica", self.postgres.replica().pid()),
            ("Redis", self.redis.pid()),
        ];
        all.map(|(name, pid)| (name, pid.map(cpu::used).unwrap_or_default()))
            .to_vec()
    }

    /// The process of our gateway.
    pub(super) fn door(&self) -> Option<u32> {
        let seats = self.house.seats(Kind::Gateway);
        seats.first()?.process()?.pid()
    }

    /// Both servers of Postgres.
    pub(super) fn databases(&self) -> Vec<u32> {
        let both = [self.postgres.primary().pid(), self.postgres.replica().pid()];
        both.into_iter().flatten().collect()
    }

    /// Waits until all is told that orders left behind to be told: it is part of what they cost.
    pub(super) async fn settled(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + SETTLES;
        let left = "select exists (select from outbox where delivered_at is null)";
        while sqlx::query_scalar(left).fetch_one(&mut self.orders).await? {
            anyhow::ensure!(Instant::now() < end, "notices are not delivered");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// What our groups have carried so far.
    pub(super) async fn groups(&self) -> anyhow::Result<Groups> {
        let mut all = Groups::new();
        for kind in [Kind::Order, Kind::User] {
            for seat in self.house.seats(kind) {
                all.extend(groups::ask(seat.admin()).await?);
            }
        }
        Ok(all)
    }

    /// Ends everything.
    pub(super) async fn strike(self) {
        self.house.stop().await;
        for process in self.baseline {
            process.kill().await;
        }
        self.redis.stop().await;
        self.postgres.stop().await;
    }
}

pub(super) async fn ground(
    postgres: &Postgres,
    redis: &Redis,
    suffix: &str,
) -> anyhow::Result<Ground> {
    let mut keepers = Vec::new();
    for name in Ground::KEEPERS {
        let own = format!("{name}{suffix}");
        postgres.provide(&own).await?;
        keepers.push(Keeper {
            name,
            primary: postgres.primary().url(&own, &own),
            replica: postgres.replica().url(&own, &own),
        });
    }
    let ground = Ground {
        keepers,
        redis: redis.url(),
        settings: Vec::new(),
    };
    let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="; // Of a shop that ends with this run.
    Ok(ground
        .with("MASTER_KEY", key)
        .with("SERVICE_TOKEN", SERVICE_TOKEN)
        .with("DRAIN_GRACE", "0s")
        .with("LOG", "warn"))
}

pub(super) fn of<'a>(ground: &'a Ground, name: &str) -> &'a Keeper {
    let found = ground.keepers.iter().find(|keeper| keeper.name == name);
    found.expect("one of each was made")
}

/// Our services, and a gateway more in front of each of the others' orders.
async fn open(ground: Ground, place: Place, others: [SocketAddr; 2]) -> anyhow::Result<House> {
    let house = House::empty(ground, place);
    for kind in [Kind::User, Kind::News, Kind::Order] {
        house.add(kind, &[]).await?;
    }
    let limits = ["RATE_ADDRESS", "RATE_ACCOUNT", "RATE_SIGN_IN"].map(|name| (name, UNBOUND));
    // A connection may stay open as long as it takes.
    let open = ["HEADER_TIMEOUT", "IDLE_TIMEOUT"].map(|name| (name, "1h"));
    let limits = [limits.as_slice(), &open].concat();
    house.add(Kind::Gateway, &limits).await?;
    for orders in others {
        let orders = orders.to_string();
        let mut theirs = limits.clone();
        theirs.push(("ORDER_ADDRS", &orders));
        house.add(Kind::Gateway, &theirs).await?;
    }
    house.ready().await?;
    Ok(house)
}

async fn start_baseline(
    program: &Path,
    folder: &Folder,
    part: &str,
    name: &str,
    database: &str,
    wallet: Option<SocketAddr>,
) -> anyhow::Result<(Process, SocketAddr)> {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let log: PathBuf = folder.path().join(format!("baseline-{name}.log"));
    let mut args = vec![
        "baseline".to_owned(),
        part.to_owned(),
        addr.to_string(),
        database.to_owned(),
    ];
    args.extend(wallet.map(|wallet| format!("http://{wallet}")));
    let process = Process::start(
        format!("baseline {name}"),
        Launch::new(program, log).args(args),
    )?;
    listens(&process, addr).await?;
    Ok((process, addr))
}

/// Waits until `process` listens at `addr`.
pub(super) async fn listens(process: &Process, addr: SocketAddr) -> anyhow::Result<()> {
    let end = Instant::now() + LISTENS;
    while TcpStream::connect(addr).await.is_err() {
        anyhow::ensure!(
            process.alive() && Instant::now() < end,
            "{}",
            process.said()
        );
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Makes accounts at our gateway, and fills their wallets on both sides.
async fn enrol(gateway: &str, count: usize, baseline: &str) -> anyhow::Result<Vec<Buyer>> {
    let client = reqwest::Client::new();
    let mut wallets = PgConnection::connect(baseline).await?;
    let mut buyers = Vec::with_capacity(count);
    for number in 0..count {
        let (buyer, id) = load::enrol(&client, gateway, number).await?;
        let id = api::id::ACCOUNT.read(&id)?;
        sqlx::query("insert into wallets (account_id, balance) values ($1, $2)")
            .bind(id)
            .bind(PLENTY)
            .execute(&mut wallets)
            .await?;
        buyers.push(buyer);
    }
    Ok(buyers)
}

pub(super) async fn stock_up(database: &str) -> anyhow::Result<()> {
    let mut orders = PgConnection::connect(database).await?;
    sqlx::query("update stock set free = $1")
        .bind(PLENTY)
        .execute(&mut orders)
        .await?;
    // The cheapest there is, so that no wallet runs dry.
    sqlx::query("update products set price = 1")
        .execute(&mut orders)
        .await?;
    Ok(())
}

pub(super) async fn products(gateway: &str) -> anyhow::Result<Vec<String>> {
    let mut products = Vec::new();
    let mut path = "/v1/products?limit=100".to_owned();
    while products.len() < 200 {
        let page: serde_json::Value = reqwest::get(format!("{gateway}{path}"))
            .await?
            .error_for_status()?
            .json()
            .await?;
        let data = page["data"].as_array().context("a list of products")?;
        products.extend(
            data.iter()
                .filter_map(|product| Some(product["id"].as_str()?.to_owned())),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/products?limit=100&cursor={cursor}");
    }
    anyhow::ensure!(
        products.len() >= 200,
        "the catalogue has {} products",
        products.len()
    );
    Ok(products)
}
