//! What keeps a node going, and tells the others at once when it cannot: what systemd's restarts and a kubelet's liveness
//! probes do elsewhere.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::{Node, Part, leader_key};
use crate::process::LOOK;
use crate::supervisor::Ward;
use crate::{Process, etcd, tree};

/// How long an answer may take that costs nothing, and how many may be missed in a row: together, how long a node may
/// stand still before it is killed.
const ANSWER: Duration = Duration::from_secs(1);
const MISSED: u32 = 3;
/// How far apart the two of a node may die that dies as a whole.
const TOGETHER: Duration = Duration::from_millis(250);
/// Whoever was late themselves by this much judges nobody.
const LATE: Duration = Duration::from_millis(500);

impl Ward for Node {
    fn process(&self) -> &Process {
        &self.process
    }

    fn watch(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            tokio::join!(self.watch_processes(), self.watch_answers());
        })
    }

    /// The lease of a leader lasts for as long as it might still be there. Here both are dead, and start again only after
    /// this, so nobody has to wait for its end.
    fn before_restart(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if !self.postgres_ends_too().await {
                return;
            }
            match etcd::delete_if(&self.etcd, &leader_key(), self.name()).await {
                Ok(true) => {
                    tracing::warn!(node = self.name(), "the leader is dead: its lease is over");
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(node = self.name(), %error, "its lease has to run out");
                }
            }
        })
    }
}

impl Node {
    /// Whether what killed Patroni has killed its Postgres as well, or does so just now.
    async fn postgres_ends_too(&self) -> bool {
        let end = Instant::now() + TOGETHER;
        while self.postmaster().is_some() {
            if Instant::now() > end {
                return false;
            }
            sleep(LOOK).await;
        }
        true
    }

    /// Has Patroni look at once when its Postgres has ended, and not in a second.
    async fn watch_processes(&self) {
        let mut before = None;
        loop {
            let now = self.raw_postmaster();
            if let (Some(gone), None, true) = (before, now, self.process.alive()) {
                // Patroni takes a dead process for a living one until it has been collected.
                let end = Instant::now() + TOGETHER;
                while tree::known(gone) && Instant::now() < end {
                    sleep(LOOK / 4).await;
                }
                // It changes nothing, and a Patroni that has ended meanwhile is the supervisor's.
                let _ = self.api.agree(&self.unchanged).await;
            }
            before = now;
            sleep(LOOK).await;
        }
    }

    /// Kills what stands still, so that it can be started again: a frozen node keeps its lease to the end.
    async fn watch_answers(&self) {
        let mut missed = (0, 0);
        loop {
            let asked = Instant::now();
            let (patroni, postgres) = tokio::join!(
                self.api.answers("liveness", ANSWER),
                self.api.answers("health", ANSWER),
            );
            let fair = asked.elapsed() < ANSWER + LATE && !self.process.held();
            let count =
                |answered: bool, missed: u32| if answered || !fair { 0 } else { missed + 1 };
            missed = (count(patroni, missed.0), count(postgres, missed.1));
            if missed.0 >= MISSED {
                tracing::warn!(node = self.name(), "it stands still: killing it");
                self.kill(Part::Node).await;
                missed = (0, 0);
            } else if missed.1 >= MISSED {
                tracing::warn!(
                    node = self.name(),
                    "its Postgres stands still: killing that"
                );
                self.kill(Part::Postgres).await;
                missed = (0, 0);
            }
            sleep(ANSWER.saturating_sub(asked.elapsed())).await;
        }
    }
}
