//! The whole data floor: etcd, database nodes that agree on a leader, and HAProxy before them.

mod member;
mod start;
mod step;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep};

pub use self::member::Member;
use crate::account::Account;
use crate::backup::{Backups, Store};
use crate::patroni::Seat;
use crate::postgres::passwords::Passwords;
use crate::process::LOOK;
use crate::reaper::Reaper;
use crate::{
    Error, Etcd, Fate, Folder, HaProxy, Node, Options, Process, Supervisor, Timings, Tls, Way, Wire,
};

/// How long handing the lead over may take.
const HAND_OVER: Duration = Duration::from_secs(30);

/// How a data floor is to be run.
#[derive(Debug)]
pub struct Plan {
    /// How its servers are.
    pub postgres: Options,
    /// How fast a lost leader is missed.
    pub timings: Timings,
    /// Whether a supervisor starts again what has ended, and kills what stands still.
    pub supervised: bool,
    /// Whether there are wires around each node, which can be cut and slowed.
    pub wired: bool,
    /// What servers show, where they are to be reached over TLS only.
    pub tls: Option<Tls>,
    /// Where its backups and the archive of its log are kept, where there are to be some.
    pub backups: Option<Folder>,
}

impl Plan {
    /// For tests: quick, in a scratch folder, supervised, without wires.
    ///
    /// # Errors
    /// When the scratch folder cannot be made.
    pub fn scratch() -> Result<Self, Error> {
        Ok(Self {
            postgres: Options::scratch()?,
            timings: Timings::default(),
            supervised: true,
            wired: false,
            tls: None,
            backups: None,
        })
    }
}

/// The whole data floor, running: three of etcd, three nodes, two of HAProxy. Dropped, all of it is killed.
#[derive(Debug)]
pub struct Cluster {
    // First, so that it lets go of the others before they end.
    supervisor: Supervisor,
    haproxies: Vec<HaProxy>,
    nodes: Vec<Arc<Node>>,
    etcd: Vec<Etcd>,
    wires: Vec<Wires>,
    passwords: Option<Passwords>,
    account: Option<Account>,
    store: Option<Store>,
    plan: Plan,
    _reaper: Reaper,
}

/// Which of them leads to its Patroni.
const REST: usize = 1;
/// Which of them other nodes follow it by.
const FOLLOWED: usize = 2;

/// The wires around one node: to its Postgres, to its Patroni, to its Postgres for other nodes, and from it to each of etcd; or
/// none.
#[derive(Debug)]
struct Wires {
    node: String,
    all: Vec<Wire>,
}

impl Cluster {
    /// The members of etcd.
    pub fn etcd(&self) -> &[Etcd] {
        &self.etcd
    }

    /// The database nodes.
    pub fn nodes(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    /// The HAProxies.
    pub fn haproxies(&self) -> &[HaProxy] {
        &self.haproxies
    }

    /// What keeps its processes going; others may join it.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// The URLs by which `role` reaches `database` where it is written: one through each HAProxy.
    pub fn primary_urls(&self, role: &str, database: &str) -> Vec<String> {
        let ports = self.haproxies.iter().map(HaProxy::primary);
        ports.map(|port| self.url(port, role, database)).collect()
    }

    /// The URLs by which `role` reaches `database` where it is read: one through each HAProxy.
    pub fn replica_urls(&self, role: &str, database: &str) -> Vec<String> {
        let ports = self.haproxies.iter().map(HaProxy::replicas);
        ports.map(|port| self.url(port, role, database)).collect()
    }

    /// The URL by which `role` reaches `database` on `node` itself, whatever its role.
    pub fn node_url(&self, node: &Node, role: &str, database: &str) -> String {
        self.url(node.port(), role, database)
    }

    /// The URL by which the superuser reaches `database` where it is written, with libpq's programs. The password is in a file
    /// that it names.
    pub fn url_by_file(&self, database: &str) -> String {
        let Some((haproxy, node)) = self.haproxies.first().zip(self.nodes.first()) else {
            return String::new();
        };
        let through = node.psql().clone().through(haproxy.primary());
        through.url_by_file(database)
    }

    fn url(&self, port: u16, role: &str, database: &str) -> String {
        let password = self.passwords.as_ref().and_then(|all| all.of(role));
        let login = password.map_or(role.to_owned(), |password| format!("{role}:{password}"));
        let tls = self.plan.tls.as_ref().map(Tls::query).unwrap_or_default();
        format!("postgres://{login}@127.0.0.1:{port}/{database}{tls}")
    }

    /// Has each server show its certificate as it is in the files by now, to whoever connects from here on. Open
    /// connections stay. A server that does not answer reads it when it starts again.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub async fn renew_tls(&self) -> Result<(), Error> {
        let Some(tls) = &self.plan.tls else {
            return Ok(());
        };
        if tls.installed(self.folder()) {
            return Ok(());
        }
        tls.install(self.folder(), self.account)?;
        let nodes = self.nodes.iter();
        let reload = nodes.map(|node| node.run("postgres", "select pg_reload_conf()"));
        for told in join_all(reload).await {
            if let Err(error) = told {
                tracing::warn!(%error, "a server keeps its certificate until it starts again");
            }
        }
        Ok(())
    }

    /// Makes the role `name` and the database `name` that it owns, where they are not there yet.
    ///
    /// # Errors
    /// When nobody leads, or the leader refuses.
    pub async fn provide(&self, name: &str) -> Result<(), Error> {
        self.leader().await?.psql().provide(name).await
    }

    /// The members, as one who answers knows them.
    ///
    /// # Errors
    /// When none answers.
    pub async fn members(&self) -> Result<Vec<Member>, Error> {
        let mut last = Error::asked("Patroni", &"no node is known");
        for node in &self.nodes {
            match node.api().cluster().await {
                Ok(told) => return Ok(Member::read(&told)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The node that leads.
    ///
    /// # Errors
    /// When nobody does, or nobody answers.
    pub async fn leader(&self) -> Result<&Arc<Node>, Error> {
        self.with(Member::leads).await
    }

    /// The node without which nothing is acknowledged.
    ///
    /// # Errors
    /// As [`Self::leader`].
    pub async fn standby(&self) -> Result<&Arc<Node>, Error> {
        self.with(Member::is_synchronous).await
    }

    async fn with(&self, wanted: impl Fn(&Member) -> bool) -> Result<&Arc<Node>, Error> {
        let members = self.members().await?;
        let found = members.iter().find(|member| wanted(member));
        found
            .and_then(|member| self.node(&member.name))
            .ok_or_else(|| Error::asked("Patroni", &"nobody has that role at the moment"))
    }

    /// The node that is called `name`.
    pub fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.iter().find(|node| node.name() == name)
    }

    /// The process that is called `name`, a node's Patroni among them.
    pub fn process(&self, name: &str) -> Option<&Arc<Process>> {
        self.processes().find(|process| process.name() == name)
    }

    fn processes(&self) -> impl Iterator<Item = &Arc<Process>> {
        let etcd = self.etcd.iter().map(Etcd::process);
        let nodes = self.nodes.iter().map(|node| node.process());
        let haproxies = self.haproxies.iter().map(HaProxy::process);
        etcd.chain(nodes).chain(haproxies)
    }

    /// The wires around the node that is called `name`; none, where there are no wires.
    pub fn wires(&self, name: &str) -> &[Wire] {
        let found = self.wires.iter().find(|wires| wires.node == name);
        found.map_or(&[], |wires| &wires.all)
    }

    /// Cuts the wires around the node that is called `name`. A leader that lost etcd goes on while the others hear from it, so
    /// they hear no more. What a standby receives already goes on.
    pub fn cut(&self, name: &str) {
        self.wires(name).iter().for_each(Wire::cut);
        for wires in self.wires.iter().filter(|wires| wires.node != name) {
            if let Some(wire) = wires.all.get(REST) {
                wire.on_sent(|bytes| {
                    if bytes.starts_with(b"POST /failsafe") {
                        Fate::Cut
                    } else {
                        Fate::Pass
                    }
                });
            }
        }
    }

    /// Holds back what the node that is called `name` sends to those who follow it: they stay connected, and get nothing more.
    /// After `wal_receiver_timeout` they miss it, leave, and find no way back.
    pub fn starve(&self, name: &str) {
        if let Some(wire) = self.wires(name).get(FOLLOWED) {
            wire.stop(Way::Back);
        }
    }

    /// Heals the wires around every node.
    pub fn heal(&self) {
        for wire in self.wires.iter().flat_map(|wires| &wires.all) {
            wire.heal();
            wire.on_sent_nothing();
        }
    }

    /// Hands the lead over to the standby, and returns when it leads.
    ///
    /// The old primary is shut down in order, so that both others have all of its log and nobody has to be rewound; Patroni
    /// finds it gone and promotes the standby. Patroni's own switchover takes five times as long: it looks once a second
    /// whether the shutdown has ended, and then has whoever is not promoted wait for 2 s.
    ///
    /// # Errors
    /// When nobody can take it.
    pub async fn switch_over(&self) -> Result<(), Error> {
        let (leader, standby) = (self.leader().await?, self.standby().await?);
        leader.run("postgres", "checkpoint").await?;
        leader.end_postgres();
        let end = Instant::now() + HAND_OVER;
        while !self
            .leader()
            .await
            .is_ok_and(|now| now.name() == standby.name())
        {
            if Instant::now() > end {
                return Err(standby.process().late(HAND_OVER));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Its backups, where there are to be some.
    pub fn backups(&self) -> Option<Backups<'_>> {
        let store = self.store.as_ref();
        store.map(|store| Backups::of(self, store))
    }

    /// How its servers are.
    pub(crate) fn options(&self) -> &Options {
        &self.plan.postgres
    }

    /// Where its data and its logs are.
    pub fn folder(&self) -> &Path {
        self.plan.postgres.folder.path()
    }

    /// Ends all of it in order; the data stays where it is kept.
    pub async fn stop(&self) {
        let leader = self.leader().await.map(|node| node.name().to_owned());
        let leads = |node: &Node| leader.as_deref().is_ok_and(|name| name == node.name());
        for process in self.processes() {
            process.hold();
        }
        join_all(self.haproxies.iter().map(HaProxy::stop)).await;
        // The leader last: whoever ends before it needs no new one.
        let (last, first): (Vec<_>, Vec<_>) = self.nodes.iter().partition(|node| leads(node));
        join_all(first.iter().map(|node| node.stop())).await;
        join_all(last.iter().map(|node| node.stop())).await;
        join_all(self.etcd.iter().map(Etcd::stop)).await;
    }
}

impl Wires {
    fn around(seat: &Seat, all: Vec<Wire>) -> Self {
        let node = seat.name.clone();
        Self { node, all }
    }
}
