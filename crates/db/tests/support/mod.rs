//! What these tests share: a table of marks, each of which is made once by its key.

#![allow(dead_code, reason = "every test file takes what it needs")]
#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

use std::time::Duration;

use api::token::{self, Given, Seen};
use db::{Db, Error, Settings, Tx};
use retry::Deadline;
use sqlx::AssertSqlSafe;
use testkit::{Cluster, Database, Wire};
use tokio::time::{sleep, timeout};

/// Longer than anything here takes, unless it never ends.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// What an address is given to answer where a test says which one must: a busy machine may take longer than the usual second.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look for an event.
const LOOK: Duration = Duration::from_millis(5);

/// Every mark has one tally, written only by whoever made the mark; nothing but right transactions keeps it to one.
/// `tries` counts attempts: a sequence is not rolled back.
const TABLES: &str = "
    set local synchronous_commit = remote_apply;
    create table marks (key text primary key);
    create table tallies (key text not null, transaction bigint not null default pg_current_xact_id()::text::bigint);
    create sequence tries;
";

/// True while somebody's COMMIT waits for the standby.
pub(crate) const WAITING: &str = "
    select exists (select from pg_stat_activity
        where wait_event = 'SyncRep' and datname = current_database())";

/// True while somebody waits for a lock.
pub(crate) const HELD_UP: &str = "
    select exists (select from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database())";

/// A cluster of the test's own, with a database of marks in it.
pub(crate) struct Private {
    pub(crate) cluster: Cluster,
    pub(crate) database: Database,
}

impl Private {
    pub(crate) async fn start() -> Self {
        let cluster = testkit::cluster().await;
        let database = cluster.database("news").await;
        lay(&database).await;
        Self { cluster, database }
    }

    pub(crate) fn db(&self) -> Db {
        self.database.db()
    }

    /// Runs `sql` on the primary as one who may do everything, without waiting for the standby.
    pub(crate) async fn run(&self, sql: &str) -> String {
        let url = self.database.primary_url();
        let name = url.rsplit('/').next().unwrap();
        self.cluster.primary().run(name, sql).await.unwrap()
    }
}

/// A way to `database` that waits for whom it asks first, however busy the machine is.
pub(crate) fn patient(database: &Database) -> Db {
    Db::connect(Settings {
        primaries: vec![database.primary_url()],
        replicas: vec![database.replica_url()],
        patience: PATIENCE,
        ..Settings::default()
    })
}

/// A database of marks, on the pair that tests share.
pub(crate) async fn database() -> Database {
    let database = testkit::database("news").await;
    lay(&database).await;
    database
}

async fn lay(database: &Database) {
    let laid = sqlx::raw_sql(TABLES).execute(database.pool());
    laid.await.unwrap();
}

/// A way to the primary of `database` that leads over a wire.
pub(crate) async fn wired(database: &Database) -> (Wire, Db) {
    let wire = Wire::to_url(&database.primary_url()).await;
    let db = Db::connect(Settings {
        primaries: vec![wire.url(&database.primary_url())],
        ..Settings::default()
    });
    (wire, db)
}

/// Waits until `db` says that it has connected.
pub(crate) async fn until_ready(db: &Db) {
    let ready = async {
        while !db.ready().await {
            sleep(LOOK).await;
        }
    };
    timeout(LIMIT, ready).await.expect("ready in time");
}

/// Whether what was sent holds a COMMIT.
pub(crate) fn commits(bytes: &[u8]) -> bool {
    bytes.windows(7).any(|part| part == b"commit;")
}

/// Makes the mark `key`, or finds it. Answers whether it was made here.
pub(crate) async fn mark(tx: &mut Tx, key: &str) -> Result<bool, Error> {
    let mark = sqlx::query("insert into marks (key) values ($1) on conflict do nothing");
    let made = mark.bind(key).execute(&mut *tx).await?.rows_affected() == 1;
    if made {
        let tally = sqlx::query("insert into tallies (key) values ($1)");
        tally.bind(key).execute(&mut *tx).await?;
    }
    Ok(made)
}

/// Makes or finds a mark, by its key.
pub(crate) async fn keyed(db: &Db, key: &str) -> Result<bool, Error> {
    db.keyed("mark", |tx| Box::pin(mark(tx, key))).await
}

/// Makes or finds a mark, and does not ask again.
pub(crate) async fn plain(db: &Db, key: &str) -> Result<bool, Error> {
    db.write("mark", |tx| Box::pin(mark(tx, key))).await
}

/// How many marks there are, as a reader is told.
pub(crate) async fn count(db: &Db) -> Result<Seen<i64>, Error> {
    db.read("count", |tx| {
        Box::pin(async {
            let count = sqlx::query_scalar("select count(*) from marks");
            Ok(count.fetch_one(&mut **tx).await?)
        })
    })
    .await
}

/// Asks the primary itself.
pub(crate) async fn ask(database: &Database, sql: &str) -> i64 {
    let asked = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(database.pool());
    asked.await.unwrap()
}

/// How many marks there are, by the primary's own word.
pub(crate) async fn marks(database: &Database) -> i64 {
    ask(database, "select count(*) from marks").await
}

/// Locks the table against writers until the answer is dropped, so that whatever runs waits.
pub(crate) async fn hold_up(database: &Database) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut lock = database.pool().begin().await.unwrap();
    let share = sqlx::query("lock table marks in share mode");
    share.execute(&mut *lock).await.unwrap();
    lock
}

/// Runs `work` with that much time.
pub(crate) async fn within<F: Future>(limit: Duration, work: F) -> F::Output {
    Deadline::after(limit).scope(work).await
}

/// Runs `work` as a request that came with `given`; answers what its caller has seen by its end, too.
pub(crate) async fn request<F: Future>(given: Given, work: F) -> (F::Output, Given) {
    token::scope(given, work).await
}

/// Waits until `sql` answers true on the primary.
pub(crate) async fn until(database: &Database, sql: &str) {
    let mut connection = database.pool().acquire().await.unwrap();
    let looked = async {
        loop {
            let asked = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
            if asked.fetch_one(&mut *connection).await.unwrap() {
                break;
            }
            sleep(LOOK).await;
        }
    };
    let looked = timeout(LIMIT, looked).await;
    looked.unwrap_or_else(|_| panic!("never came true: {sql}"));
}
