//! A highly available shop of one test's own, with a product on the shelf.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use drill::{Books, Customer, Door, Plan, Product};
use holdfast::certs::{self, authority_of};
use holdfast::ha::backup::Turns;
use holdfast::ha::{self, Deed, Wanted};
use holdfast::house::{Kind, Seat};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use stack::{Folder, Process};
use tokio::time::{Instant, sleep, timeout_at};

/// How long anything may take to settle.
pub(crate) const SETTLED: Duration = Duration::from_mins(1);
/// How often it is looked whether something has come about.
const LOOK: Duration = Duration::from_millis(20);
/// A key that protects nothing.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// A shop, open for one test.
pub(crate) struct Shop {
    pub(crate) running: Arc<ha::Shop>,
    /// The front doors.
    pub(crate) fronts: Vec<Door>,
    /// What everybody buys.
    pub(crate) mug: Product,
    logs: Folder,
    certs: Folder,
}

impl Shop {
    /// Opens it.
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// Opens it with `settings` for every service.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(Folder::scratch().unwrap(), settings).await
    }

    /// Opens it with its backups in `backups`, with `settings` for every service.
    pub(crate) async fn on(backups: Folder, settings: &[(&str, &str)]) -> Self {
        let (logs, certs) = (Folder::scratch().unwrap(), Folder::scratch().unwrap());
        certify(&certs);
        let overlay = overlay(&logs).display().to_string();
        let ports = [testkit::free_port(), testkit::free_port()];
        let shared = [
            ("MASTER_KEY", KEY),
            ("SERVICE_TOKEN", "a token for tests only"),
            ("LOG", "warn"),
            ("RATE_ADDRESS", "1000000/1m"),
            ("RATE_ACCOUNT", "1000000/1m"),
            ("RATE_SIGN_IN", "1000000/1m"),
            ("OVERLAY_PATH", &overlay),
        ];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let wanted = Wanted {
            folder: Folder::scratch().unwrap(),
            kept: false,
            logs: logs.path().to_owned(),
            program: env!("CARGO_BIN_EXE_holdfast").into(),
            fronts: ports,
            settings: shared.iter().chain(settings).map(owned).collect(),
            certs: certs.path().to_owned(),
            backups,
        };
        let running = Arc::new(ha::Shop::open(wanted).await.unwrap());
        let order = store(&running, "order").await;
        let mug = Product::shelve(&order, 1_000_000, 10).await.unwrap();
        let authority = authority_of(certs.path());
        let front = |port| Door::certified(format!("https://127.0.0.1:{port}"), &authority);
        let fronts = ports.map(|port| front(port).unwrap()).to_vec();
        Self {
            running,
            fronts,
            mug,
            logs,
            certs,
        }
    }

    /// Makes every certificate anew, as `holdfast certs` does.
    pub(crate) fn certify(&self) {
        certify(&self.certs);
    }

    /// Does to one of its parts what `words` say, as at the command line.
    pub(crate) async fn act(&self, words: &str) {
        let deed = Deed::read(words).unwrap();
        self.running.act(&deed).await.unwrap();
    }

    /// Its databases, looked into from outside.
    pub(crate) async fn books(&self) -> Books {
        Books {
            order: store(&self.running, "order").await,
            user: store(&self.running, "user").await,
        }
    }

    /// A load of orders, and of looks, through both doors.
    pub(crate) fn plan(&self) -> Plan {
        Plan::of(&self.fronts, self.mug)
    }

    /// The name of the database node that leads.
    pub(crate) async fn leader(&self) -> String {
        let mut name = None;
        until("a node leads", async || {
            name = self
                .running
                .cluster()
                .leader()
                .await
                .ok()
                .map(|node| node.name().to_owned());
            name.is_some()
        })
        .await;
        name.unwrap()
    }

    /// The name of the database node that commits wait for.
    pub(crate) async fn standby(&self) -> String {
        let node = self.running.cluster().standby().await.unwrap();
        node.name().to_owned()
    }

    /// The name of the Redis that leads.
    pub(crate) async fn cache(&self) -> String {
        let primary = self.running.redis().primary().await;
        primary.unwrap().name().to_owned()
    }

    /// Waits until another Redis than `name` leads; answers how long that took.
    pub(crate) async fn cache_replaced(&self, name: &str) -> Duration {
        let began = Instant::now();
        let redis = self.running.redis();
        until("another Redis leads", async || {
            redis.primary().await.is_ok_and(|now| now.name() != name)
        })
        .await;
        began.elapsed()
    }

    /// Waits until another node than `name` leads.
    pub(crate) async fn replaced(&self, name: &str) {
        until("another node leads", async || {
            let leader = self.running.cluster().leader().await;
            leader.is_ok_and(|leader| leader.name() != name)
        })
        .await;
    }

    /// Waits until all of it is as it was when it was opened.
    pub(crate) async fn healed(&self) {
        let cluster = self.running.cluster();
        until("every process runs", async || {
            self.processes(Process::alive)
                .into_iter()
                .all(|alive| alive)
        })
        .await;
        cluster.in_step().await.unwrap();
        self.running.redis().in_step().await.unwrap();
        self.running.house().ready().await.unwrap();
        for member in cluster.etcd() {
            until("etcd answers", async || member.healthy().await).await;
        }
        for front in &self.fronts {
            let mut stranger = Customer::of(front);
            until("both doors are open", async || {
                stranger.browse(1).await.is_ok()
            })
            .await;
        }
    }

    /// The processes of the data floor, and of the cache.
    fn floor(&self) -> impl Iterator<Item = &Process> {
        let cluster = self.running.cluster();
        let etcd = cluster.etcd().iter().map(|one| &**one.process());
        let nodes = cluster.nodes().iter().map(|one| &**one.process());
        let haproxies = cluster.haproxies().iter().map(|one| &**one.process());
        let redis = self.running.redis();
        let caches = redis.servers().iter().map(|one| one.process());
        let sentinels = redis.sentinels().iter().map(|one| &**one.process());
        let floor = etcd.chain(nodes).chain(haproxies);
        floor.chain(caches).chain(sentinels)
    }

    /// What `of` says of each process, of the floor and of the services.
    pub(crate) fn processes<T>(&self, of: impl Fn(&Process) -> T) -> Vec<T> {
        let seats = self.running.house().all();
        let services = seats.iter().filter_map(|seat| seat.process());
        let services = services.map(|process| &**process);
        self.floor().chain(services).map(of).collect()
    }

    /// The names of all parts.
    pub(crate) fn names(&self) -> Vec<String> {
        self.processes(|process| process.name().to_owned())
    }

    /// Whether the process of this name runs.
    pub(crate) fn runs(&self, name: &str) -> bool {
        let dead = |process: &Process| process.name() == name && !process.alive();
        !self.processes(dead).contains(&true)
    }

    /// The instances of `kind`.
    pub(crate) fn seats(&self, kind: Kind) -> Vec<Arc<Seat>> {
        self.running.house().seats(kind)
    }

    /// Where the instances of `kind` show their metrics.
    pub(crate) fn admins(&self, kind: Kind) -> Vec<SocketAddr> {
        self.seats(kind).iter().map(|seat| seat.admin()).collect()
    }

    /// Says what is laid over weights and drains.
    pub(crate) fn overlay(&self, json: &str) {
        std::fs::write(overlay(&self.logs), json).unwrap();
    }

    /// Another supervisor of its backups, beside its own.
    pub(crate) fn supervisor(&self) -> Turns {
        let seats = self.seats(Kind::Control);
        let addrs: Vec<String> = seats.iter().map(|seat| seat.addr().to_string()).collect();
        let own = certs::settings(self.certs.path(), Kind::Control);
        let asking = [
            ("CONTROL_ADDRS".to_owned(), addrs.join(",")),
            (
                "SERVICE_TOKEN".to_owned(),
                "a token for tests only".to_owned(),
            ),
        ];
        Turns::new(own.into_iter().chain(asking).collect())
    }

    /// Ends it in order.
    pub(crate) async fn close(self) {
        self.running.close().await;
    }
}

/// By what others know an instance.
pub(crate) fn id(seat: &Seat) -> String {
    seat.name().to_owned()
}

/// Waits until `so`, for as long as anything may take to settle.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + SETTLED;
    while !timeout_at(end, so()).await.unwrap_or(false) {
        assert!(Instant::now() < end, "waited {SETTLED:?} until {what}");
        sleep(LOOK).await;
    }
}

fn certify(folder: &Folder) {
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    certs::write(folder.path(), &names).unwrap();
}

fn overlay(logs: &Folder) -> PathBuf {
    Path::new(logs.path()).join("overlay.json")
}

/// A service's database, on the node that leads at the moment: HAProxies that have just been started may lead to another.
pub(crate) async fn store(shop: &ha::Shop, name: &str) -> PgPool {
    let cluster = shop.cluster();
    let url = cluster.node_url(cluster.leader().await.unwrap(), name, name);
    PgPoolOptions::new()
        .max_connections(2)
        .connect_lazy(&url)
        .unwrap()
}
