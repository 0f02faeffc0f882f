//! Whether all nodes are in step, by what Patroni knows of them and by their own word.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{Cluster, Member};
use crate::process::LOOK;
use crate::{Error, Node};

/// How long it may take until all nodes are in step.
const IN_STEP: Duration = Duration::from_mins(2);
/// How long a node may take to say how it is.
const WORD: Duration = Duration::from_secs(2);

impl Cluster {
    /// Waits until all nodes are in step: one leads, one is its synchronous standby, all stream.
    ///
    /// # Errors
    /// When they are not after two minutes.
    pub async fn in_step(&self) -> Result<(), Error> {
        let end = Instant::now() + IN_STEP;
        loop {
            let members = self.members().await.unwrap_or_default();
            if Member::in_step(&members, self.nodes.len()) && self.stream().await {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(self.out_of_step(&members));
            }
            sleep(LOOK * 5).await;
        }
    }

    /// Whether one node leads and all others stream from it, one of which it waits for, by their own word: what Patroni knows
    /// may be of a moment ago.
    async fn stream(&self) -> bool {
        let following = "select count(*), count(*) filter (where sync_state = 'sync')
                         from pg_stat_replication where state = 'streaming'";
        let mut leading = Vec::new();
        for node in &self.nodes {
            match word(node, "select pg_is_in_recovery()").await.as_deref() {
                Some("t") => {}
                Some("f") => leading.push(word(node, following).await),
                _ => return false,
            }
        }
        leading == [Some(format!("{}|1", self.nodes.len() - 1))]
    }

    fn out_of_step(&self, members: &[Member]) -> Error {
        let said = self.nodes.iter().map(|node| node.process().said());
        Error::Late {
            program: "the database cluster".into(),
            seconds: IN_STEP.as_secs(),
            said: format!("{members:?}\n{}", said.collect::<Vec<_>>().join("\n")),
        }
    }
}

async fn word(node: &Node, sql: &str) -> Option<String> {
    timeout(WORD, node.run("postgres", sql)).await.ok()?.ok()
}
