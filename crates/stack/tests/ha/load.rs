//! Writers and readers that go through HAProxy as a service does, and remember what was acknowledged.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, query};
use stack::Cluster;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const WRITERS: i64 = 4;
const READERS: usize = 2;
/// How long a client waits for an answer before it looks for another connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it waits to be let in.
const DOOR: Duration = Duration::from_secs(1);
/// Between two writes of one writer, and between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(2);
const AGAIN: Duration = Duration::from_millis(20);

/// A load that goes on until it is ended.
pub(crate) struct Load {
    log: Arc<Log>,
    tasks: JoinSet<()>,
}

/// What was answered, and when.
#[derive(Default)]
pub(crate) struct Log {
    acknowledged: Mutex<Vec<(Instant, i64)>>,
    reads: Mutex<Vec<Instant>>,
    broken: AtomicUsize,
}

impl Load {
    /// Begins to write into `t`, and to read from it; numbers begin at `first`.
    pub(crate) fn begin(cluster: &Cluster, first: i64) -> Self {
        let (log, mut tasks) = (Arc::<Log>::default(), JoinSet::new());
        for writer in 0..WRITERS {
            let urls = cluster.primary_urls("postgres", "postgres");
            tasks.spawn(write(urls, first + writer, log.clone()));
        }
        for reader in 0..READERS {
            let urls = cluster.replica_urls("postgres", "postgres");
            tasks.spawn(read(urls, reader, log.clone()));
        }
        Self { log, tasks }
    }

    /// What it has seen so far.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Ends it, and answers what it has seen.
    pub(crate) async fn end(mut self) -> Arc<Log> {
        self.tasks.shutdown().await;
        self.log
    }
}

impl Log {
    /// How many writes were acknowledged.
    pub(crate) fn count(&self) -> usize {
        held(&self.acknowledged).len()
    }

    /// How many times a writer had to look for another connection.
    pub(crate) fn broken(&self) -> usize {
        self.broken.load(Ordering::Relaxed)
    }

    /// The numbers that were acknowledged.
    pub(crate) fn acknowledged(&self) -> HashSet<i64> {
        held(&self.acknowledged).iter().map(|(_, n)| *n).collect()
    }

    /// The longest time after `since` in which no write was acknowledged, and in which no read was answered.
    pub(crate) fn outages(&self, since: Instant) -> (Duration, Duration) {
        let writes = held(&self.acknowledged).iter().map(|(at, _)| *at).collect();
        (
            longest(writes, since),
            longest(held(&self.reads).clone(), since),
        )
    }
}

fn longest(mut answers: Vec<Instant>, since: Instant) -> Duration {
    answers.retain(|at| *at >= since);
    answers.insert(0, since);
    answers.push(Instant::now());
    let gaps = answers.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or_default()
}

async fn write(urls: Vec<String>, first: i64, log: Arc<Log>) {
    let mut number = first;
    for url in urls.iter().cycle() {
        if let Ok(Ok(mut wire)) = timeout(DOOR, PgConnection::connect(url)).await {
            loop {
                number += WRITERS;
                let row = query("insert into t (n) values ($1)").bind(number);
                let done = timeout(PATIENCE, row.execute(&mut wire)).await;
                if !matches!(done, Ok(Ok(_))) {
                    log.broken.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                held(&log.acknowledged).push((Instant::now(), number));
                sleep(PAUSE).await;
            }
        }
        sleep(AGAIN).await;
    }
}

async fn read(urls: Vec<String>, turn: usize, log: Arc<Log>) {
    for url in urls.iter().cycle().skip(turn) {
        if let Ok(Ok(mut wire)) = timeout(DOOR, PgConnection::connect(url)).await {
            let ask = "select max(n) from t";
            while matches!(
                timeout(DOOR, query(ask).execute(&mut wire)).await,
                Ok(Ok(_))
            ) {
                held(&log.reads).push(Instant::now());
                sleep(PAUSE * 5).await;
            }
        }
        sleep(AGAIN).await;
    }
}

/// Nobody panics while it is held.
fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
