//! Bringing all of it up, from the data floor to the front doors.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use stack::{Cluster, Etcd, Folder, Front, Options, Plan, RedisHa, RedisPlan, Timings};
use tokio::sync::Mutex;

use super::Shop;
use super::asking::Asking;
use super::backup::{Desk, Turns, list};
use super::watched;
use crate::certs;
use crate::home::Home;
use crate::house::{Ground, House, Keeper, Kind, Place};
use crate::say::during;
use crate::up::CURRENCY;

/// How many there are of each service.
const TWO: usize = 2;

/// What the shop is opened with.
#[derive(Debug)]
pub struct Wanted {
    /// Where the data floor keeps its data.
    pub folder: Folder,
    /// Whether what is committed outlives the machine, and roles have passwords.
    pub kept: bool,
    /// Where services log to.
    pub logs: std::path::PathBuf,
    /// The program `holdfast`.
    pub program: std::path::PathBuf,
    /// The ports at which customers come.
    pub fronts: [u16; 2],
    /// Settings that all services share.
    pub settings: Vec<(String, String)>,
    /// Settings of one instance alone, by its name.
    pub own: Vec<(String, (String, String))>,
    /// Where the certificates are by which services prove themselves.
    pub certs: std::path::PathBuf,
    /// Where its backups and the archive of its log are kept.
    pub backups: Folder,
}

/// Opens the shop that lives in `home`, with its backups in `backups`, or there too.
pub(super) async fn whole(home: &Home, port: u16, backups: Option<&Path>) -> anyhow::Result<Shop> {
    let logs = home.path().join("ha/logs");
    fs::create_dir_all(&logs).with_context(|| logs.display().to_string())?;
    let certs = home.certs();
    certs::write(&certs, &["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let settings = [
        ("CURRENCY", CURRENCY.to_owned()),
        ("MASTER_KEY", home.secret("master-key")?),
        ("SERVICE_TOKEN", home.secret("service-token")?),
        ("LOG", "info".to_owned()),
    ];
    let wanted = Wanted {
        folder: home.ha_data()?,
        kept: true,
        logs,
        program: std::env::current_exe()?,
        fronts: [port, port + 1],
        settings: settings
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec(),
        own: Vec::new(),
        certs: certs.canonicalize()?,
        backups: backups.map_or_else(|| home.ha_backups(), |path| Ok(Folder::kept(path)?))?,
    };
    Shop::open(wanted).await
}

impl Shop {
    /// Opens one as `wanted`, and returns when customers can come.
    ///
    /// # Errors
    /// When something that it needs is missing or does not come up.
    pub async fn open(wanted: Wanted) -> anyhow::Result<Self> {
        let mut postgres = Options::kept(wanted.folder);
        (postgres.durable, postgres.passwords) = (wanted.kept, wanted.kept);
        let plan = Plan {
            postgres,
            timings: Timings::default(),
            supervised: true,
            wired: true,
            tls: Some(certs::postgres(&wanted.certs)),
            backups: Some(wanted.backups),
        };
        let cluster = during("etcd x3, Patroni x3, HAProxy x2", Cluster::start(plan)).await?;
        let twice = RedisPlan {
            supervised: true,
            wired: true,
            tls: Some(certs::redis(&wanted.certs)),
        };
        let redis = during("Redis x2, Sentinel x3", RedisHa::start(twice)).await?;
        let asking = asking(&cluster, &wanted.settings, &wanted.certs);
        let ground = ground(&cluster, &redis, wanted.settings).await?;
        during("schema and catalogue", ground.migrate()).await?;
        let place = place(&wanted.program, &wanted.logs);
        let backups = cluster.backups().context("a shop with backups")?;
        if let Err(error) = list::write(backups).await {
            tracing::warn!(error = format!("{error:#}"), "the list of backups is old");
        }
        let folder = backups.folder();
        let watched = watched::settings(&cluster, &wanted.certs, &wanted.logs, folder);
        let (certs, own) = (&wanted.certs, &wanted.own);
        let services = services(ground, place, registry(&cluster), certs, watched, own);
        let house = during("services, two of each", services).await?;
        for seat in house.all() {
            let process = seat.process().context("a service of its own process")?;
            cluster.supervisor().add(process.clone());
        }
        let shop = Self {
            house,
            redis,
            cluster,
            fronts: wanted.fronts,
            scaling: Mutex::default(),
            desk: Desk::new(Turns::new(asking.clone())),
            asking: Asking::by(asking),
        };
        shop.open_fronts().await?;
        Ok(shop)
    }

    /// Opens a front before the gateways in each HAProxy.
    pub(super) async fn open_fronts(&self) -> anyhow::Result<()> {
        let gateways = self.house.seats(Kind::Gateway);
        let gateways = gateways.iter();
        let instances =
            gateways.map(|seat| (seat.name().to_owned(), seat.shown(), seat.shown_admin()));
        let instances: Vec<_> = instances.collect();
        for (haproxy, port) in self.cluster.haproxies().iter().zip(self.fronts) {
            let instances = instances.clone();
            haproxy.open(&Front { port, instances }).await?;
        }
        Ok(())
    }
}

/// What the services stand on: they know the HAProxies, and no database node.
async fn ground(
    cluster: &Cluster,
    redis: &RedisHa,
    settings: Vec<(String, String)>,
) -> anyhow::Result<Ground> {
    let mut keepers = Vec::new();
    for name in Ground::KEEPERS {
        cluster.provide(name).await?;
        keepers.push(Keeper {
            name,
            primary: cluster.primary_urls(name, name).join(","),
            replica: cluster.replica_urls(name, name).join(","),
        });
    }
    Ok(Ground {
        keepers,
        redis: redis.url(),
        settings,
    })
}

/// By what the supervisor finds control and is let in: as the services do, and are.
fn asking(cluster: &Cluster, settings: &[(String, String)], certs: &Path) -> Vec<(String, String)> {
    let control = ("CONTROL_ADDRS".to_owned(), registry(cluster));
    let own = certs::settings(certs, Kind::Control);
    let shared = settings.iter().cloned();
    shared.chain(own).chain([control]).collect()
}

/// Customers come over HTTPS, through an HAProxy that says who they are.
fn edge(certs: &Path) -> [(&'static str, String); 4] {
    let [cert, key] = certs::edge(certs);
    let proxies = ("TRUSTED_PROXIES", "127.0.0.1/32".to_owned());
    [cert, key, proxies, ("PROXY_PROTOCOL", "true".to_owned())]
}

fn place(program: &Path, logs: &Path) -> Place {
    Place::Apart {
        program: program.to_owned(),
        logs: logs.to_owned(),
    }
}

/// Where services find each other: the same etcd in which database nodes agree on a leader.
fn registry(cluster: &Cluster) -> String {
    let member = |member: &Etcd| format!("127.0.0.1:{}", member.port());
    let members: Vec<String> = cluster.etcd().iter().map(member).collect();
    format!("etcd://{}", members.join(","))
}

async fn services(
    ground: Ground,
    place: Place,
    registry: String,
    certs: &Path,
    watched: [(&str, String); watched::COUNT],
    own: &[(String, (String, String))],
) -> anyhow::Result<House> {
    let mut house = House::empty(ground, place).wired().registered(registry);
    house.prove_by(certs);
    house.set_for(Kind::Gateway, edge(certs));
    house.set_for(Kind::Control, watched);
    for kind in Kind::ALL {
        for number in 1..=TWO {
            let name = format!("{}-{number}", kind.name());
            let own = own.iter().filter(|(of, _)| *of == name);
            let own = own.map(|(_, (name, value))| (name.as_str(), value.as_str()));
            house.add(kind, &own.collect::<Vec<_>>()).await?;
        }
    }
    house.ready().await?;
    Ok(house)
}
