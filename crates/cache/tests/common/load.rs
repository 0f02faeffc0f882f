//! Readers without a pause, whom a test has while it breaks something.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use api::token::Given;
use cache::{Bounds, Cache, Redis};
use tokio::task::JoinHandle;

use super::{Source, read, until};

/// Another process, in which nothing stays, so that every read asks Redis.
pub(crate) fn another(url: &str) -> Cache<u64> {
    let bounds = Bounds::new(Duration::ZERO, Duration::from_mins(5), 1_000);
    Cache::new(&Redis::connect(url), "things", bounds)
}

/// Readers without a pause, of whom none may fail or wait.
pub(crate) struct Load {
    end: Arc<AtomicBool>,
    hits: Arc<AtomicU64>,
    misses: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<Duration>>,
}

impl Load {
    pub(crate) fn begin(url: &str) -> Self {
        let end = Arc::<AtomicBool>::default();
        let (hits, misses) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let counted = || [hits.clone(), misses.clone()];
        let readers = (0..4).map(|_| reader(another(url), end.clone(), counted()));
        let tasks = readers.map(tokio::spawn).collect();
        Self {
            end,
            hits,
            misses,
            tasks,
        }
    }

    /// How many reads had to do without Redis so far.
    pub(crate) fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Waits until Redis answers readers, and tells how long that took.
    pub(crate) async fn hits_go_on(&self) -> Duration {
        let (began, before) = (Instant::now(), self.hits.load(Ordering::Relaxed));
        until("redis answers readers", async || {
            self.hits.load(Ordering::Relaxed) > before + 100
        })
        .await;
        began.elapsed()
    }

    /// Ends it, and tells how long the slowest read took.
    pub(crate) async fn end(self) -> Duration {
        self.end.store(true, Ordering::Relaxed);
        let mut longest = Duration::ZERO;
        for task in self.tasks {
            longest = longest.max(task.await.unwrap());
        }
        longest
    }
}

async fn reader(
    cache: Cache<u64>,
    end: Arc<AtomicBool>,
    [hits, misses]: [Arc<AtomicU64>; 2],
) -> Duration {
    let (source, mut longest) = (Source::default(), Duration::ZERO);
    while !end.load(Ordering::Relaxed) {
        let (asked, loads) = (Instant::now(), source.loads());
        assert_eq!(read(&cache, Given::Nothing, &source, 1, 10).await, 1);
        longest = longest.max(asked.elapsed());
        let counted = if source.loads() == loads {
            &hits
        } else {
            &misses
        };
        counted.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    longest
}
