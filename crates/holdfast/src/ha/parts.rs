//! Who has which role in the running shop, how all of its parts are, and when all is well again.

use std::time::Duration;

use anyhow::{Context as _, bail};
use drill::{Books, Customer, Door};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use stack::Process;
use tokio::time::{Instant, sleep, timeout_at};

use super::Shop;

/// How long anything may take to settle.
pub const SETTLED: Duration = Duration::from_mins(1);
/// How often it is looked whether something has come about.
const LOOK: Duration = Duration::from_millis(20);

impl Shop {
    /// The name of the database node that leads, as soon as one does.
    ///
    /// # Errors
    /// When none does within a minute.
    pub async fn leader(&self) -> anyhow::Result<String> {
        let mut name = None;
        until("a node leads", async || {
            let leader = self.cluster.leader().await;
            name = leader.ok().map(|node| node.name().to_owned());
            name.is_some()
        })
        .await?;
        name.context("a node that leads")
    }

    /// The name of the database node that commits wait for, as soon as they do.
    ///
    /// # Errors
    /// When they wait for none within a minute.
    pub async fn standby(&self) -> anyhow::Result<String> {
        let mut name = None;
        until("a node is waited for", async || {
            let standby = self.cluster.standby().await;
            name = standby.ok().map(|node| node.name().to_owned());
            name.is_some()
        })
        .await?;
        name.context("a node that is waited for")
    }

    /// The name of the Redis that leads.
    ///
    /// # Errors
    /// When no Sentinel names one.
    pub async fn cache(&self) -> anyhow::Result<String> {
        Ok(self.redis.primary().await?.name().to_owned())
    }

    /// A service's database, on the node that leads at the moment: HAProxies that have just been started may lead to another.
    ///
    /// # Errors
    /// When nobody leads.
    pub async fn store(&self, name: &str) -> anyhow::Result<PgPool> {
        let leader = self.cluster.leader().await?;
        let url = self.cluster.node_url(leader, name, name);
        Ok(PgPoolOptions::new().max_connections(2).connect_lazy(&url)?)
    }

    /// Its databases, looked into from outside.
    ///
    /// # Errors
    /// When nobody leads.
    pub async fn books(&self) -> anyhow::Result<Books> {
        Ok(Books {
            order: self.store("order").await?,
            user: self.store("user").await?,
        })
    }

    /// Waits until all of it is as it was when it was opened, and customers can come by each of `doors`.
    ///
    /// # Errors
    /// When it is not within a minute or two; it says what is missing.
    pub async fn healed(&self, doors: &[Door]) -> anyhow::Result<()> {
        let end = Instant::now() + SETTLED;
        let dead = || {
            let names = self.processes(|one| (!one.alive()).then(|| one.name().to_owned()));
            names.into_iter().flatten().collect::<Vec<String>>()
        };
        while !dead().is_empty() {
            if Instant::now() > end {
                bail!("dead after {SETTLED:?}: {}", dead().join(", "));
            }
            sleep(LOOK).await;
        }
        self.cluster.in_step().await?;
        self.redis.in_step().await?;
        self.house.ready().await?;
        for member in self.cluster.etcd() {
            until("etcd answers", async || member.healthy().await).await?;
        }
        for door in doors {
            let mut stranger = Customer::of(door);
            until("every door is open", async || {
                stranger.browse(1).await.is_ok()
            })
            .await?;
        }
        Ok(())
    }

    /// What `of` says of each process, of the data floor, of the cache, and of the services.
    pub fn processes<T>(&self, of: impl Fn(&Process) -> T) -> Vec<T> {
        let etcd = self.cluster.etcd().iter().map(|one| &**one.process());
        let nodes = self.cluster.nodes().iter().map(|one| &**one.process());
        let haproxies = self.cluster.haproxies().iter();
        let haproxies = haproxies.map(|one| &**one.process());
        let caches = self.redis.servers().iter().map(|one| one.process());
        let sentinels = self.redis.sentinels().iter().map(|one| &**one.process());
        let seats = self.house.all();
        let services = seats.iter().filter_map(|seat| seat.process());
        let services = services.map(|process| &**process);
        let floor = etcd.chain(nodes).chain(haproxies);
        let floor = floor.chain(caches).chain(sentinels);
        floor.chain(services).map(of).collect()
    }
}

/// Waits until `so`, for as long as anything may take to settle.
///
/// # Errors
/// When it does not come about.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
    let end = Instant::now() + SETTLED;
    while !timeout_at(end, so()).await.unwrap_or(false) {
        if Instant::now() > end {
            bail!("waited {SETTLED:?} until {what}");
        }
        sleep(LOOK).await;
    }
    Ok(())
}
