//! Its database, looked into from outside of its networks: this machine stands on all of them.

use std::time::Duration;

use anyhow::Context as _;
use drill::{Books, Plan, Product};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::time::{Instant, sleep};

use super::{LOOK, SETTLED, Shop, until};

/// How long a node that may stand still is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
const LETTING_IN: Duration = Duration::from_secs(5);

impl Shop {
    /// Whether all nodes are there, follow the one that leads, and one of them is waited for.
    pub(super) async fn in_step(&self) -> bool {
        let members = self.members().await;
        let leader = members.iter().find(|one| one["role"] == "leader");
        let Some(leader) = leader else { return false };
        members.len() == 3
            && members.iter().any(|one| one["role"] == "sync_standby")
            && members.iter().all(|one| {
                (one["state"] == "running" || one["state"] == "streaming")
                    && one["timeline"] == leader["timeline"]
            })
    }

    /// The database nodes, as one of them sees them.
    async fn members(&self) -> Vec<Value> {
        for node in 1..=3 {
            let url = format!("http://{}:8008/cluster", self.node_address(node));
            let asked = reqwest::Client::new().get(url).timeout(PATIENCE).send();
            let asked = async { asked.await?.json::<Value>().await };
            if let Ok(told) = asked.await {
                return told["members"].as_array().cloned().unwrap_or_default();
            }
        }
        Vec::new()
    }

    /// The name of the database node that has this role, as soon as one has.
    ///
    /// # Errors
    /// When none has for minutes.
    pub async fn node(&self, role: &str) -> anyhow::Result<String> {
        let mut name = None;
        until(&format!("a node is {role}"), async || {
            name = self.node_now(role).await;
            name.is_some()
        })
        .await?;
        name.context("a node")
    }

    async fn node_now(&self, role: &str) -> Option<String> {
        let members = self.members().await;
        let found = members.iter().find(|one| one["role"] == role)?;
        found["name"].as_str().map(str::to_owned)
    }

    /// A database, on the node that leads at the moment, as its owner.
    ///
    /// # Errors
    /// When nobody leads.
    pub async fn store(&self, name: &str) -> anyhow::Result<PgPool> {
        let leader = self.node_now("leader").await.context("nobody leads")?;
        let number = leader.rsplit('-').next().unwrap_or_default().parse()?;
        let url = format!(
            "{}@{}:5432/{name}?sslmode=require",
            self.owner,
            self.node_address(number)
        );
        Ok(PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(LETTING_IN)
            .connect_lazy(&url)?)
    }

    fn node_address(&self, number: u8) -> String {
        format!("{}.2.{}", self.place.subnet, 30 + number)
    }

    /// Where `database` is written, by its owner: through either `HAProxy`.
    pub fn primary_urls(&self, database: &str) -> Vec<String> {
        let each = [11, 12].map(|last| {
            let (owner, subnet) = (&self.owner, self.place.subnet);
            format!("{owner}@{subnet}.3.{last}:5432/{database}?sslmode=require")
        });
        each.to_vec()
    }

    /// The databases of orders and of money.
    ///
    /// # Errors
    /// When nobody leads.
    pub async fn books(&self) -> anyhow::Result<Books> {
        Ok(Books {
            order: self.store("order").await?,
            user: self.store("user").await?,
        })
    }

    /// A load of orders of a product that is there for it, and of looks, through both doors.
    ///
    /// # Errors
    /// When no product can be put onto a shelf.
    pub async fn plan(&self) -> anyhow::Result<Plan> {
        let end = Instant::now() + SETTLED;
        loop {
            // For a moment there may be nobody who leads.
            let shelved =
                async { Ok(Product::shelve(&self.store("order").await?, 1_000_000, 10).await?) };
            match shelved.await {
                Ok(mug) => return Ok(Plan::of(&self.fronts, mug)),
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => sleep(LOOK).await,
            }
        }
    }
}
