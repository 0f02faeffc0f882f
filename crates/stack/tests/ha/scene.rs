//! A data floor of one test's own, a load on it, and what is looked at when something was broken.

use std::collections::HashSet;
use std::io::Write as _;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, query_scalar};
use stack::{Cluster, Plan};
use testkit::Certified;
use tokio::time::{Instant, sleep};

use crate::load::Load;

/// How long anything may take to heal.
pub(crate) const HEALED: Duration = Duration::from_mins(1);
/// How many writes show that they go on.
const SOME: usize = 100;
const LOOK: Duration = Duration::from_millis(50);

/// A data floor of one test's own.
pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    pub(crate) certified: Certified,
}

/// How long things may be out: a figure is marked beyond `aim`, and fails the test beyond three times `stated`.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) aim: Duration,
    pub(crate) stated: Duration,
}

/// A goal in seconds.
pub(crate) const fn goal(aim: u64, stated: u64) -> Goal {
    Goal {
        aim: Duration::from_secs(aim),
        stated: Duration::from_secs(stated),
    }
}

impl Scene {
    /// Starts it; without a supervisor, what was killed stays dead for as long as the test likes.
    pub(crate) async fn set(supervised: bool) -> Self {
        let certified = Certified::new().unwrap();
        let plan = Plan {
            supervised,
            tls: Some(certified.tls()),
            ..Plan::scratch().unwrap()
        };
        let began = Instant::now();
        let cluster = Cluster::start(plan).await.unwrap();
        let leader = cluster.leader().await.unwrap();
        leader
            .run("postgres", "create table t (n bigint primary key)")
            .await
            .unwrap();
        say(&format!(
            "  the data floor is up after {:.1} s",
            began.elapsed().as_secs_f64()
        ));
        Self { cluster, certified }
    }

    /// Does `deed` under load, waits until all is well again, and holds what was seen against `goal`.
    pub(crate) async fn strike(
        &self,
        what: &str,
        goal: Goal,
        deed: impl AsyncFnOnce(&Self, &Load),
    ) {
        let first = self.count().await;
        let load = Load::begin(&self.cluster, first);
        writes_go_on(&load).await;
        let struck = Instant::now();

        deed(self, &load).await;

        self.cluster.in_step().await.unwrap();
        let rejoined = struck.elapsed();
        writes_go_on(&load).await;
        let (writes, reads) = load.log().outages(struck);
        let log = load.end().await;
        let found = self.rows().await;
        let acknowledged = log.acknowledged();
        let lost: Vec<_> = acknowledged.difference(&found).collect();
        let mark = if writes > goal.aim {
            " (beyond its aim)"
        } else {
            ""
        };
        say(&format!(
            "{what}: writes out {:.2} s{mark}, reads out {:.2} s, {} lost of {}, all in step after {:.1} s",
            writes.as_secs_f64(),
            reads.as_secs_f64(),
            lost.len(),
            acknowledged.len(),
            rejoined.as_secs_f64(),
        ));
        assert!(lost.is_empty(), "{what}: acknowledged, and gone: {lost:?}");
        assert!(
            writes <= goal.stated * 3,
            "{what}: writes were out for {writes:?}"
        );
        assert!(
            reads <= Duration::from_secs(3),
            "{what}: reads were out for {reads:?}"
        );
    }

    async fn count(&self) -> i64 {
        self.rows().await.into_iter().max().unwrap_or_default() + 1
    }

    /// What is in the table, on the node that leads.
    async fn rows(&self) -> HashSet<i64> {
        let leader = self.cluster.leader().await.unwrap();
        let url = self.cluster.node_url(leader, "postgres", "postgres");
        let mut wire = PgConnection::connect(&url).await.unwrap();
        let rows: Vec<i64> = query_scalar("select n from t")
            .fetch_all(&mut wire)
            .await
            .unwrap();
        rows.into_iter().collect()
    }
}

/// Waits until more writes have been acknowledged.
pub(crate) async fn writes_go_on(load: &Load) {
    let (end, before) = (Instant::now() + HEALED, load.log().count());
    while load.log().count() < before + SOME {
        assert!(Instant::now() < end, "no writes for {HEALED:?}");
        sleep(LOOK).await;
    }
}

/// Says a line to whoever runs the tests, whether they pass or fail.
pub(crate) fn say(line: &str) {
    // Whoever reads it may have gone.
    let _ = writeln!(std::io::stdout(), "{line}");
}
