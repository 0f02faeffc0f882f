//! Its Redis, asked inside of its containers: no password leaves them.

use anyhow::Context as _;

use super::{Container, Shop, run, until};

/// Where a Redis and a Sentinel have their settings, and the ports at which they answer.
const SERVER: (&str, &str) = ("/data/redis.conf", "6379");
const SENTINEL: (&str, &str) = ("/data/sentinel.conf", "26379");
/// Has the one of these settings, at this port, do the rest.
const ASK: &str = r#"REDISCLI_AUTH=$(sed -n 's/^requirepass "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$1")
export REDISCLI_AUTH
port=$2
shift 2
exec timeout 2 redis-cli -e -p "$port" --tls --cacert /data/ca.pem --no-auth-warning "$@""#;

impl Shop {
    /// The name of the Redis that leads, as soon as a Sentinel names one.
    ///
    /// # Errors
    /// When none does for minutes.
    pub async fn cache(&self) -> anyhow::Result<String> {
        let mut name = None;
        until("a Sentinel names a Redis", async || {
            name = self.cache_now().await;
            name.is_some()
        })
        .await?;
        name.context("a Redis that leads")
    }

    async fn cache_now(&self) -> Option<String> {
        let all = self.containers().await.ok()?;
        let words = ["sentinel", "get-master-addr-by-name", "holdfast"];
        for sentinel in all.iter().filter(|one| one.name.starts_with("sentinel-")) {
            let Ok(told) = ask(sentinel, SENTINEL, &words).await else {
                continue;
            };
            let address = told.lines().next()?;
            let named = |one: &&Container| one.addresses().iter().any(|own| own == address);
            return all.iter().find(named).map(|one| one.name.clone());
        }
        None
    }

    /// Whether a Redis leads and the other one follows.
    pub(super) async fn cache_in_step(&self) -> bool {
        let Some(name) = self.cache_now().await else {
            return false;
        };
        let told = match self.container(&name).await {
            Ok(leader) => ask(&leader, SERVER, &["info", "replication"]).await,
            Err(error) => Err(error),
        };
        told.is_ok_and(|told| told.contains("role:master") && told.contains("state=online"))
    }

    /// Has the Redis that leads forget all that it holds.
    ///
    /// # Errors
    /// When none leads.
    pub async fn flush(&self) -> anyhow::Result<()> {
        let leader = self.container(&self.cache().await?).await?;
        ask(&leader, SERVER, &["flushall"]).await.map(drop)
    }
}

async fn ask(
    container: &Container,
    (settings, port): (&str, &str),
    words: &[&str],
) -> anyhow::Result<String> {
    let shell = ["docker", "exec", &container.id, "sh", "-c", ASK, "ask"];
    run(&[&shell[..], &[settings, port], words].concat()).await
}
