//! A test's own database: migrated, empty, gone at the end.

use std::time::Duration;

use anyhow::Context;
use db::{Db, Settings};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, PgPool, query_scalar};
use uuid::Uuid;

use crate::{Seat, cluster, template};

/// How long giving a database back may take before it is left to end with its cluster.
const LIMIT: Duration = Duration::from_secs(20);

/// A migrated database that no other test sees.
#[derive(Debug)]
pub struct Database {
    name: String,
    seat: Seat,
    owner: String,
    shared: bool,
    pool: PgPool,
}

/// Makes an empty database of service `name`, migrated, on the pair that tests share.
pub async fn database(name: &str) -> Database {
    Database::make(&cluster::shared().await, name, true).await
}

/// Makes an empty database of service `name`, migrated, on the pair at `seat`.
pub async fn database_on(seat: &Seat, name: &str) -> Database {
    Database::make(seat, name, true).await
}

impl Database {
    pub(crate) async fn make(seat: &Seat, owner: &str, shared: bool) -> Self {
        let made = copy(seat, owner).await;
        let name = made.unwrap_or_else(|error| panic!("no database for this test: {error:#}"));
        let url = url(&seat.primary, owner, &name);
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy(&url);
        let pool = pool.expect("an address that we have just written");
        Self {
            name,
            seat: seat.clone(),
            owner: owner.to_owned(),
            shared,
            pool,
        }
    }

    /// It, as the services see it: with its replica, routed and retried.
    pub fn db(&self) -> Db {
        let (primaries, replicas) = (vec![self.primary_url()], vec![self.replica_url()]);
        Db::connect(Settings {
            primaries,
            replicas,
            ..Settings::default()
        })
    }

    /// Connections to the primary, for a test that looks for itself.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How many deadlocks there were in it. Nobody may be at work in it any more: all are sent away, since a backend tells of
    /// its own when it goes, and may keep them to itself for a second or more before.
    pub async fn deadlocks(&self) -> i64 {
        self.pool.close().await;
        let counted = tokio::time::timeout(LIMIT, self.count_deadlocks()).await;
        let counted = counted.expect("nobody comes back once sent away");
        counted.unwrap_or_else(|error| panic!("no count of the deadlocks: {error:#}"))
    }

    async fn count_deadlocks(&self) -> anyhow::Result<i64> {
        let mut connection = PgConnection::connect(&self.primary_url()).await?;
        let sent_away = "select count(pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
        while query_scalar::<_, i64>(sent_away)
            .fetch_one(&mut connection)
            .await?
            > 0
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
        Ok(query_scalar(deadlocks).fetch_one(&mut connection).await?)
    }

    /// Where the primary takes writes to it: the same as [`Self::primary_url`].
    pub fn url(&self) -> String {
        self.primary_url()
    }

    /// Where the primary takes writes to it.
    pub fn primary_url(&self) -> String {
        url(&self.seat.primary, &self.owner, &self.name)
    }

    /// Where the replica answers reads from it.
    pub fn replica_url(&self) -> String {
        url(&self.seat.replica, &self.owner, &self.name)
    }
}

/// Gives it back, also when the test has failed; one on a private pair ends with that pair.
impl Drop for Database {
    fn drop(&mut self) {
        if !self.shared {
            return;
        }
        let (seat, name) = (self.seat.clone(), self.name.clone());
        // A thread of its own, since the test's runtime may be the one that is unwinding.
        let given_back = std::thread::spawn(move || remove(&seat, &name)).join();
        if !matches!(given_back, Ok(Ok(()))) {
            tracing::debug!(database = self.name, "left to end with its cluster");
        }
    }
}

async fn copy(seat: &Seat, owner: &str) -> anyhow::Result<String> {
    let template = template::ready(seat, owner).await?;
    let name = format!("test_{owner}_{}", Uuid::now_v7().simple());
    let mut superuser = seat.superuser("postgres").await?;
    // So that the replica knows it as well when the test begins.
    template::run(
        &mut superuser,
        "set synchronous_commit = remote_apply".to_owned(),
    )
    .await?;
    let make = format!(r#"create database "{name}" template "{template}" owner "{owner}""#);
    template::run(&mut superuser, make)
        .await
        .context("copying the template")?;
    Ok(name)
}

#[tokio::main(flavor = "current_thread")]
async fn remove(seat: &Seat, name: &str) -> anyhow::Result<()> {
    let removed = async {
        let mut superuser = seat.superuser("postgres").await?;
        template::run(&mut superuser, "set synchronous_commit = local".to_owned()).await?;
        template::run(
            &mut superuser,
            format!(r#"drop database "{name}" with (force)"#),
        )
        .await
    };
    tokio::time::timeout(LIMIT, removed).await?
}

fn url(host: &str, role: &str, database: &str) -> String {
    format!("postgres://{role}@{host}/{database}")
}
