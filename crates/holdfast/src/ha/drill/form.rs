//! What a drill asks of a form of the shop, and what differs from one to the other.

use std::path::PathBuf;
use std::time::Duration;

use db::Db;
use drill::{Blow, Books, Door, Goal, Kind};
use sqlx::PgPool;

use super::Asked;
use crate::ha::{FaultRow, ledger};

/// Facts of a report, each with its name.
pub(super) type Facts = Vec<(String, String)>;

/// A form of the shop, opened to be broken.
pub(super) trait Form: Sized {
    /// How long anything of it may take to settle.
    const SETTLED: Duration;

    /// Why blows of this kind cannot be dealt to it; nothing, where they can.
    fn refuses(kind: Kind) -> Option<&'static str>;

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

    /// The faults of the ledger behind number `last`; none, while nobody leads who could tell.
    async fn faults(&self, last: i64) -> Vec<FaultRow> {
        match self.store("control").await {
            Ok(control) => ledger::behind(&control, last).await,
            Err(_) => Vec::new(),
        }
    }
}

/// A blow, as it fell.
#[derive(Debug)]
pub(super) struct Fallen {
    pub(super) blow: Blow,
    /// On what, by name.
    pub(super) names: Vec<String>,
    /// What else the ledger may call these.
    pub(super) known: Vec<String>,
    /// The types of fault by one of which the ledger may have it.
    pub(super) seen_as: &'static [&'static str],
    /// Whether the ledger is claimed to have it.
    pub(super) claimed: bool,
    pub(super) goal: Goal,
}

impl Fallen {
    /// As it is claimed of a shop of processes.
    pub(super) fn on(blow: Blow, names: Vec<String>) -> Self {
        Self {
            blow,
            names,
            known: Vec::new(),
            seen_as: blow.seen_as(),
            claimed: !blow.seen_as().is_empty(),
            goal: blow.goal(),
        }
    }

    /// Whether `row` stands for it: an instance by a name of its own, what has a role by its type.
    pub(super) fn is_told_by(&self, row: &FaultRow) -> bool {
        let instance = row.kind.starts_with("instance_");
        let mut names = self.names.iter().chain(&self.known);
        self.seen_as.contains(&row.kind.as_str())
            && (!instance || names.any(|name| *name == row.component))
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
    pub(super) versions: Facts,
}
