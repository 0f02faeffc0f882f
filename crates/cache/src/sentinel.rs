//! What Sentinels see of the servers that they watch over.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use redis::RedisResult;
use tokio::time::timeout;

use crate::address::Address;
use crate::place::{Place, Sentinels};

/// How long one may take to say all of it.
const ASK: Duration = Duration::from_millis(800);

/// Sentinels that are asked what they see. Cheap to clone.
#[derive(Clone)]
pub struct Watchers(Sentinels);

/// What one Sentinel sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Who is the primary.
    pub primary: Server,
    /// Who follows it, or did.
    pub replicas: Vec<Server>,
    /// How often a primary was chosen before.
    pub epoch: u64,
}

/// A server as a Sentinel sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it is: `host:port`.
    pub addr: String,
    /// Which life of it, where that is known; empty where it is not.
    pub life: String,
    /// Whether it is missed.
    pub down: bool,
}

impl Watchers {
    /// Those whom `address` names; none, where it names a server. [`crate::Redis::check`] tells what is wrong with one.
    pub fn of(address: &str) -> Option<Self> {
        match Place::read(address).ok()? {
            Place::Named(sentinels) => Some(Self(sentinels)),
            Place::Fixed(_) | Place::Nowhere => None,
        }
    }

    /// What each of those sees who answer in time.
    pub async fn look(&self) -> Vec<View> {
        let asked = self.0.each.iter().map(|one| timeout(ASK, self.ask(one)));
        let answers = join_all(asked).await.into_iter();
        answers.filter_map(|answer| answer.ok()?.ok()).collect()
    }

    async fn ask(&self, sentinel: &Address) -> RedisResult<View> {
        let client = sentinel.client()?;
        let mut wire = client.get_multiplexed_async_connection().await?;
        let mut ask = redis::cmd("SENTINEL");
        ask.arg("MASTER").arg(&self.0.name);
        let primary: HashMap<String, String> = ask.query_async(&mut wire).await?;
        let mut ask = redis::cmd("SENTINEL");
        ask.arg("REPLICAS").arg(&self.0.name);
        let replicas: Vec<HashMap<String, String>> = ask.query_async(&mut wire).await?;
        let epoch = primary
            .get("config-epoch")
            .and_then(|epoch| epoch.parse().ok());
        Ok(View {
            primary: Server::read(&primary),
            replicas: replicas.iter().map(Server::read).collect(),
            epoch: epoch.unwrap_or_default(),
        })
    }
}

impl Server {
    fn read(told: &HashMap<String, String>) -> Self {
        let text = |name: &str| told.get(name).map_or("", String::as_str);
        let flags = text("flags");
        Self {
            addr: format!("{}:{}", text("ip"), text("port")),
            life: text("runid").to_owned(),
            // Not where it is `disconnected`: whoever is promoted sends all its clients away, Sentinels among them, and those
            // come again. One that stays away is `s_down` soon.
            down: flags.contains("s_down") || flags.contains("o_down"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flagged(flags: &str) -> Server {
        let told = [("ip", "10.0.0.1"), ("port", "6379"), ("flags", flags)];
        let owned = told.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Server::read(&HashMap::from(owned))
    }

    #[test]
    fn who_is_missed_is_down_and_nobody_else() {
        for flags in ["master,s_down,o_down", "s_down,slave,disconnected"] {
            assert!(flagged(flags).down, "{flags}");
        }
        for flags in ["master", "slave", "master,disconnected"] {
            assert!(!flagged(flags).down, "{flags}");
        }
    }
}
