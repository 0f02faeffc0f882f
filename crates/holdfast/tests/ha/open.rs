//! A highly available shop of one test's own, with a product on the shelf.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use drill::{Books, Door, Plan, Product};
use holdfast::certs;
pub(crate) use holdfast::ha::SETTLED;
use holdfast::ha::backup::Turns;
use holdfast::ha::{self, Deed, Given, Scratch};
use holdfast::house::{Kind, Seat};
use sqlx::PgPool;
use stack::{Folder, Process};
use tokio::time::Instant;

/// A shop, open for one test.
pub(crate) struct Shop {
    pub(crate) running: Arc<ha::Shop>,
    /// The front doors.
    pub(crate) fronts: Vec<Door>,
    /// What everybody buys.
    pub(crate) mug: Product,
    scratch: Scratch,
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
        let mut given = Given::by(env!("CARGO_BIN_EXE_holdfast")).unwrap();
        given.backups = backups;
        let overlay = overlay(&given.logs).display().to_string();
        let overlay = [("OVERLAY_PATH", overlay.as_str())];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        given.settings = overlay.iter().chain(settings).map(owned).collect();
        let scratch = Scratch::open(given).await.unwrap();
        let running = scratch.running.clone();
        let order = store(&running, "order").await;
        let mug = Product::shelve(&order, 1_000_000, 10).await.unwrap();
        let fronts = scratch.fronts.clone();
        Self {
            running,
            fronts,
            mug,
            scratch,
        }
    }

    /// Makes every certificate anew, as `holdfast certs` does.
    pub(crate) fn certify(&self) {
        self.scratch.certify().unwrap();
    }

    /// Does to one of its parts what `words` say, as at the command line.
    pub(crate) async fn act(&self, words: &str) {
        let deed = Deed::read(words).unwrap();
        self.running.act(&deed).await.unwrap();
    }

    /// Its databases, looked into from outside.
    pub(crate) async fn books(&self) -> Books {
        self.running.books().await.unwrap()
    }

    /// A load of orders, and of looks, through both doors.
    pub(crate) fn plan(&self) -> Plan {
        Plan::of(&self.fronts, self.mug)
    }

    /// The name of the database node that leads.
    pub(crate) async fn leader(&self) -> String {
        self.running.leader().await.unwrap()
    }

    /// The name of the database node that commits wait for.
    pub(crate) async fn standby(&self) -> String {
        self.running.standby().await.unwrap()
    }

    /// The name of the Redis that leads.
    pub(crate) async fn cache(&self) -> String {
        self.running.cache().await.unwrap()
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
        self.running.healed(&self.fronts).await.unwrap();
    }

    /// What `of` says of each process, of the floor and of the services.
    pub(crate) fn processes<T>(&self, of: impl Fn(&Process) -> T) -> Vec<T> {
        self.running.processes(of)
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
        std::fs::write(overlay(&self.scratch.logs), json).unwrap();
    }

    /// Another supervisor of its backups, beside its own.
    pub(crate) fn supervisor(&self) -> Turns {
        let seats = self.seats(Kind::Control);
        let addrs: Vec<String> = seats.iter().map(|seat| seat.addr().to_string()).collect();
        let own = certs::settings(self.scratch.certs.path(), Kind::Control);
        let asking = [
            ("CONTROL_ADDRS".to_owned(), addrs.join(",")),
            ("SERVICE_TOKEN".to_owned(), ha::TOKEN.to_owned()),
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
pub(crate) async fn until(what: &str, so: impl AsyncFnMut() -> bool) {
    ha::until(what, so).await.unwrap();
}

fn overlay(logs: &Folder) -> PathBuf {
    Path::new(logs.path()).join("overlay.json")
}

/// A service's database, on the node that leads at the moment.
pub(crate) async fn store(shop: &ha::Shop, name: &str) -> PgPool {
    shop.store(name).await.unwrap()
}
