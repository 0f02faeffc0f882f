//! What a drill asks of a form of the shop, and what differs from one to the other.

use std::path::PathBuf;
use std::time::Duration;

use db::Db;
use drill::{Blow, Books, Door, Kind};
use sqlx::PgPool;

use super::Asked;
use super::fallen::Fallen;
use crate::ha::{FaultRow, ledger};

/// Facts of a report, each with its name.
pub(super) type Facts = Vec<(String, String)>;

/// A form of the shop, opened to be broken.
pub(super) trait Form: Sized {
    /// How long anything of it may take to settle.
    const SETTLED: Duration;

    /// Why blows of this kind cannot be dealt to it; nothing, where they can.
    fn refuses(kind: Kind) -> Option<&'static str>;

    /// Whether the ledger of faults is claimed to have `blow`.
    fn claims(blow: Blow) -> bool {
        !blow.seen_as().is_empty()
    }

    /// Opens one of which nothing stays.
    async fn open(asked: &Asked) -> anyhow::Result<Self>;

    /// Where customers come.
    fn doors(&self) -> &[Door];

    /// What else cannot be done here, and why.
    fn not_reached(&self) -> Facts;

    /// Deals `blow`. What is to be undone is noted before anything is done.
    async fn strike(&self, blow: Blow) -> anyhow::Result<Fallen>;

    /// Undoes all that was done and is not undone yet. Whoever is cancelled in it has forgotten nothing.
    async fn heal(&self);

    /// Waits until all of it is as it was when it was opened.
    async fn healed(&self) -> anyhow::Result<()>;

    /// A database, on the node that leads at the moment.
    async fn store(&self, name: &str) -> anyhow::Result<PgPool>;

    /// A database of this name, made where there is none.
    async fn provide(&self, name: &str) -> anyhow::Result<Db>;

    /// How the lock service is reached.
    async fn locks(&self) -> anyhow::Result<Way>;

    /// What it is.
    async fn told(&self) -> Told;

    /// Ends all of it, and removes it.
    async fn close(self);

    /// The databases of orders and of money.
    async fn books(&self) -> anyhow::Result<Books> {
        Ok(Books {
            order: self.store("order").await?,
            user: self.store("user").await?,
        })
    }

    /// The faults of the ledger behind number `last`.
    async fn faults(&self, last: i64) -> anyhow::Result<Vec<FaultRow>> {
        let control = self.store("control").await?;
        Ok(ledger::behind(&control, last).await?)
    }
}

/// How the lock service is reached.
pub(super) struct Way {
    /// Where it is, as a service's settings say it.
    pub(super) addrs: String,
    /// What a service shows to others.
    pub(super) token: String,
    /// The folder of its certificates.
    pub(super) certs: PathBuf,
}

/// What a form is.
pub(super) struct Told {
    pub(super) form: String,
    pub(super) durability: &'static str,
    /// How its services are set, where that differs from anybody's.
    pub(super) settings: Facts,
    pub(super) versions: Facts,
}
