//! What a drill is played on: a shop of its own, customers, a lock's resource, and what can be broken in it.

use anyhow::Context as _;
use chassis::{Env, Setting};
use db::{Db, Settings};
use discovery::Channel;
use drill::{LOCK_TABLES, Mix, Part, Product, Service, Traffic};
use stack::{Etcd, Folder};
use std::time::Duration;
use tokio::sync::Mutex;

use super::Asked;
use super::clock::Clock;
use super::disk::Disk;
use super::strike::Wound;
use crate::certs;
use crate::ha::{Given, Scratch, TOKEN};
use crate::house::Kind;

/// The database node whose disk can be filled.
const DISK_OF: &str = "pg-3";
/// The instance whose clock can jump.
const CLOCK_OF: &str = "order-2";
/// Who comes.
const BUYERS: usize = 12;
/// What they order: plenty of most products, and little of one.
const PRODUCTS: usize = 7;
const PLENTY: i64 = 1_000_000;
const SCARCE: i64 = 60;
const PRICE: i64 = 10;
/// How long a customer waits for an answer, and until they give up.
const PATIENCE: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_mins(1);
/// Longer than any drill.
const EVER: Duration = Duration::from_hours(48);
/// The database of the lock's resource.
const RESOURCE: &str = "drill";
const NEIGHBOURS: &[Setting] = &[Setting::required("CONTROL_ADDRS", "Where the service is.")];

/// All of it.
pub(super) struct Scene {
    pub(super) shop: Scratch,
    /// The way to the lock service.
    pub(super) channel: Channel,
    /// What the lock protects.
    pub(super) resource: Db,
    pub(super) products: Vec<Product>,
    pub(super) disk: Option<Disk>,
    pub(super) clock: Option<Clock>,
    /// What was done, and is to be healed.
    pub(super) wounds: Mutex<Vec<Wound>>,
    /// What cannot be done here, and why.
    pub(super) not_reached: Vec<(String, String)>,
    _folder: Folder,
}

impl Scene {
    /// Opens it.
    pub(super) async fn open(asked: &Asked) -> anyhow::Result<Self> {
        let (folder, mut not_reached) = (Folder::scratch()?, Vec::new());
        let program = asked.program.clone();
        let mut given = Given::by(program.map_or_else(std::env::current_exe, Ok)?)?;
        let disk = disk(asked, &given, &folder, &mut not_reached);
        let clock = Clock::kept_in(folder.path())?;
        if let Some(clock) = &clock {
            let own = clock.settings().into_iter();
            given
                .own
                .extend(own.map(|setting| (CLOCK_OF.to_owned(), setting)));
            not_reached.push((
                "clock-jump of Postgres, etcd, Redis, HAProxy and the machine".to_owned(),
                "libfaketime is between one process, order-2, and the system; the others are started by what it cannot reach, or share the machine's clock".to_owned(),
            ));
        }
        let disks = disk
            .iter()
            .map(|disk| ("DISKS", disk.path().display().to_string()));
        let chores = [("CHORES_EVERY", "3s".to_owned())].into_iter().chain(disks);
        given.settings = chores
            .map(|(name, value)| (name.to_owned(), value))
            .chain(asked.settings.clone())
            .collect();
        let shop = Scratch::open(given).await?;
        let channel = channel(&shop)?;
        let resource = resource(&shop).await?;
        let products = products(&shop).await?;
        Ok(Self {
            shop,
            channel,
            resource,
            products,
            disk,
            clock,
            wounds: Mutex::default(),
            not_reached,
            _folder: folder,
        })
    }

    /// The one product of which there is little.
    pub(super) fn scarce(&self) -> Product {
        self.products[PRODUCTS]
    }

    /// How many of it there were.
    pub(super) fn scarce_units() -> i64 {
        SCARCE
    }

    /// Those who come, `rate` a second.
    pub(super) async fn traffic(&self, rate: f64, seed: u64) -> anyhow::Result<Traffic> {
        let doors = self.shop.fronts.clone();
        let door = doors.first().context("a front door")?;
        Ok(Traffic {
            buyers: Traffic::buyers(door, BUYERS).await?,
            doors,
            products: self.products.clone(),
            mix: Mix::All,
            rate,
            time: EVER,
            after: Duration::ZERO,
            until: EVER,
            patience: PATIENCE,
            limit: LIMIT,
            seed,
            name: "drill".to_owned(),
        })
    }

    /// The names of what is meant by `part`, now.
    pub(super) async fn names(&self, part: Part) -> anyhow::Result<Vec<String>> {
        let running = &self.shop.running;
        Ok(vec![match part {
            Part::Leader => running.leader().await?,
            Part::Standby => running.standby().await?,
            Part::Cache => running.cache().await?,
            Part::Disk => DISK_OF.to_owned(),
            Part::Edge => "server.pem".to_owned(),
            Part::Registry => {
                let members = running.cluster().etcd().iter();
                return Ok(members.map(|member| member.name().to_owned()).collect());
            }
            Part::Every(service) => {
                let seats = running.house().seats(kind(service));
                return Ok(seats.iter().map(|seat| seat.name().to_owned()).collect());
            }
            Part::Sentinel(_)
            | Part::Etcd(_)
            | Part::HaProxy(_)
            | Part::Instance(..)
            | Part::Names => part.to_string(),
        }])
    }

    /// Ends all of it.
    pub(super) async fn close(&self) {
        self.shop.running.close().await;
    }
}

fn kind(service: Service) -> Kind {
    match service {
        Service::Gateway => Kind::Gateway,
        Service::User => Kind::User,
        Service::Order => Kind::Order,
        Service::News => Kind::News,
        Service::Control => Kind::Control,
    }
}

/// A disk of one node's own, where that can be had; why not, otherwise.
fn disk(
    asked: &Asked,
    given: &Given,
    folder: &Folder,
    not_reached: &mut Vec<(String, String)>,
) -> Option<Disk> {
    let made = if asked.apart {
        Disk::below(given.folder.path(), DISK_OF, folder.path().join("disk"))
    } else {
        Err(anyhow::anyhow!(
            "a file system that can be filled is mounted by root only, with mounts of its own"
        ))
    };
    made.map_err(|why| {
        not_reached.push(("the disk of a database node".to_owned(), format!("{why:#}")));
    })
    .ok()
}

/// The way to the lock service, as one of the house has it.
fn channel(shop: &Scratch) -> anyhow::Result<Channel> {
    let member = |member: &Etcd| format!("127.0.0.1:{}", member.port());
    let members: Vec<String> = shop.running.cluster().etcd().iter().map(member).collect();
    let found = [
        (
            "CONTROL_ADDRS".to_owned(),
            format!("etcd://{}", members.join(",")),
        ),
        ("SERVICE_TOKEN".to_owned(), TOKEN.to_owned()),
    ];
    let proofs = certs::settings(shop.certs.path(), Kind::Order);
    let env = Env::local(found.into_iter().chain(proofs)).knowing(NEIGHBOURS);
    Ok(env.proving("order")?.channel("control")?)
}

/// What the lock protects: a database of its own.
async fn resource(shop: &Scratch) -> anyhow::Result<Db> {
    let cluster = shop.running.cluster();
    cluster.provide(RESOURCE).await?;
    let leader = shop.running.store(RESOURCE).await?;
    for table in LOCK_TABLES {
        sqlx::query(table).execute(&leader).await?;
    }
    Ok(Db::connect(Settings {
        primaries: cluster.primary_urls(RESOURCE, RESOURCE),
        ..Settings::default()
    }))
}

async fn products(shop: &Scratch) -> anyhow::Result<Vec<Product>> {
    let order = shop.running.store("order").await?;
    let mut products = Vec::new();
    for number in 0..=PRODUCTS {
        let units = if number == PRODUCTS { SCARCE } else { PLENTY };
        products.push(Product::shelve(&order, units, PRICE).await?);
    }
    Ok(products)
}
