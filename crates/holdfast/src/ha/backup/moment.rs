//! A moment of the running shop that a restored copy can be compared with, to the row.
//!
//! All writers are kept out for as long as it takes to begin a snapshot of each database and to write a restore point into the
//! log: a few milliseconds. What the snapshots show is then what whoever replays the log to that point has.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::future::{join_all, try_join_all};
use rand::Rng as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, query, raw_sql};
use stack::Cluster;
use tokio::time::{Instant, sleep};

use super::facts::{self, Tables};
use crate::house::Ground;

/// How long we wait for writers to be out before we let them go on, and how often.
const PATIENCE: &str = "100ms";
const TRIES: u32 = 100;
/// The longest pause between two tries, in milliseconds.
const PAUSE: u64 = 200;

/// A moment of the shop.
#[derive(Debug)]
pub struct Moment {
    /// What the log calls it.
    pub point: String,
    /// For how long writers were kept out.
    pub kept_out: Duration,
    snapshots: Vec<(&'static str, PgConnection)>,
}

impl Moment {
    /// Takes hold of this moment.
    ///
    /// # Errors
    /// When no node leads, or writers leave no gap for too long.
    pub async fn hold(cluster: &Cluster) -> anyhow::Result<Self> {
        let leader = cluster.leader().await?;
        let url = |name| cluster.node_url(leader, "postgres", name);
        let connect = Ground::KEEPERS.map(|name| {
            let url = url(name);
            async move { PgConnection::connect(&url).await }
        });
        let mut snapshots = try_join_all(connect).await?;
        let connect = Ground::KEEPERS.map(|name| Gate::before(url(name)));
        let mut gates = try_join_all(connect).await?;
        for wire in &mut snapshots {
            let begin = "begin isolation level repeatable read, read only";
            query(begin).execute(wire).await?;
        }
        let began = closed(&mut gates).await?;
        let point = format!("verify-{:032x}", rand::random::<u128>());
        let marked = mark(&mut snapshots, &mut gates, &point).await;
        join_all(gates.iter_mut().map(Gate::open)).await;
        let kept_out = began.elapsed();
        marked?;
        Ok(Self {
            point,
            kept_out,
            snapshots: Ground::KEEPERS.into_iter().zip(snapshots).collect(),
        })
    }

    /// Reads what the shop held then.
    ///
    /// # Errors
    /// When the node leads no more.
    pub async fn read(self) -> anyhow::Result<Tables> {
        let mut tables = Tables::new();
        for (name, mut wire) in self.snapshots {
            tables.extend(facts::read(name, &mut wire).await?);
            wire.close().await?;
        }
        Ok(tables)
    }
}

/// Begins each snapshot, and writes the restore point.
async fn mark(
    snapshots: &mut [PgConnection],
    gates: &mut [Gate],
    point: &str,
) -> anyhow::Result<()> {
    let begin = snapshots
        .iter_mut()
        .map(|wire| query("select pg_current_snapshot()").execute(wire));
    try_join_all(begin).await?;
    let gate = gates.first_mut().context("no database")?;
    let written = query("select pg_create_restore_point($1)").bind(point);
    written.execute(&mut gate.wire).await?;
    Ok(())
}

/// Closes all gates at once; answers when the first of them began to close.
async fn closed(gates: &mut [Gate]) -> anyhow::Result<Instant> {
    for _ in 0..TRIES {
        let began = Instant::now();
        let tried = join_all(gates.iter_mut().map(Gate::close)).await;
        let tried: Result<Vec<bool>, sqlx::Error> = tried.into_iter().collect();
        if tried?.iter().all(|closed| *closed) {
            return Ok(began);
        }
        join_all(gates.iter_mut().map(Gate::open)).await;
        let pause = rand::rng().random_range(PAUSE / 4..PAUSE);
        sleep(Duration::from_millis(pause)).await;
    }
    bail!("the writers leave no gap: somebody holds a table for long")
}

/// Keeps the writers of one database out.
struct Gate {
    wire: PgConnection,
    close: String,
}

impl Gate {
    async fn before(url: String) -> sqlx::Result<Self> {
        let mut wire = PgConnection::connect(&url).await?;
        let names = facts::names(&mut wire).await?.join(", ");
        // Should we stand still meanwhile, the server lets them in again.
        let close = format!(
            "begin; set local lock_timeout = '{PATIENCE}'; set local idle_in_transaction_session_timeout = '1s';
             lock table {names} in share mode"
        );
        Ok(Self { wire, close })
    }

    /// Says whether all writers are out. If not, those who wait for us go on when it is opened.
    async fn close(&mut self) -> sqlx::Result<bool> {
        let closed = raw_sql(AssertSqlSafe(self.close.clone()))
            .execute(&mut self.wire)
            .await;
        match closed {
            Ok(_) => Ok(true),
            Err(sqlx::Error::Database(error)) if gives_way(error.code().as_deref()) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn open(&mut self) {
        // Where it fails the connection is lost, and the server has opened it.
        let _ = query("rollback").execute(&mut self.wire).await;
    }
}

/// Whether a lock was not to be had in time, or only by a deadlock.
fn gives_way(code: Option<&str>) -> bool {
    matches!(code, Some("55P03" | "40P01"))
}
