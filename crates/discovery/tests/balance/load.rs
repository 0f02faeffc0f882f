//! A load of calls from a fixed number of callers, and what became of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use discovery::Channel;
use retry::Deadline;
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// How many calls are in flight at once.
pub(crate) const CALLERS: usize = 32;
/// What each call is given.
const LIMIT: Duration = Duration::from_secs(3);

/// What became of a load.
pub(crate) struct Ended {
    /// How long each took, sorted.
    pub(crate) took: Vec<Duration>,
    pub(crate) failed: usize,
}

impl Ended {
    /// The time that 99 of 100 calls did not exceed.
    pub(crate) fn p99(&self) -> Duration {
        self.took[self.took.len() * 99 / 100]
    }
}

/// How a request is made: one that is sent once, or one that may be sent again.
type Make = fn(HealthCheckRequest) -> Request<HealthCheckRequest>;

pub(crate) async fn call(channel: &Channel) -> Result<(), Status> {
    send(channel, Request::new).await
}

/// A call that may be sent more than once.
pub(crate) async fn read(channel: &Channel) -> Result<(), Status> {
    send(channel, retry::reads).await
}

async fn send(channel: &Channel, make: Make) -> Result<(), Status> {
    let request = make(HealthCheckRequest {
        service: "anything".to_owned(),
    });
    let mut client = HealthClient::new(channel.clone());
    let answer = Deadline::after(LIMIT).scope(client.check(request)).await;
    answer.map(drop)
}

/// Makes `calls` calls.
pub(crate) async fn load(channel: &Channel, calls: usize) -> Ended {
    many(channel, calls, Request::new).await
}

/// Makes `calls` calls that may be sent more than once.
pub(crate) async fn reads(channel: &Channel, calls: usize) -> Ended {
    many(channel, calls, retry::reads).await
}

async fn many(channel: &Channel, calls: usize, make: Make) -> Ended {
    let left = Arc::new(AtomicUsize::new(calls));
    let callers = (0..CALLERS).map(|_| {
        let (channel, left) = (channel.clone(), left.clone());
        let take = move || {
            let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            taken.is_ok()
        };
        tokio::spawn(calling(channel, make, take))
    });
    gather(callers.collect()).await
}

/// A load that goes on until it is ended.
pub(crate) struct Steady {
    done: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    callers: Vec<tokio::task::JoinHandle<Ended>>,
}

impl Steady {
    pub(crate) fn begin(channel: &Channel) -> Self {
        let (done, over) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let callers = (0..CALLERS).map(|_| {
            let (channel, done, over) = (channel.clone(), done.clone(), over.clone());
            let take = move || {
                done.fetch_add(1, Ordering::SeqCst);
                !over.load(Ordering::SeqCst)
            };
            tokio::spawn(calling(channel, Request::new, take))
        });
        Self {
            callers: callers.collect(),
            done,
            over,
        }
    }

    /// How many calls end in a second, measured over half of one.
    pub(crate) async fn rate(&self) -> usize {
        let (before, begun) = (self.done.load(Ordering::SeqCst), Instant::now());
        tokio::time::sleep(Duration::from_millis(500)).await;
        let ended = self.done.load(Ordering::SeqCst) - before;
        ended * 1_000 / usize::try_from(begun.elapsed().as_millis()).unwrap()
    }

    pub(crate) async fn end(self) -> Ended {
        self.over.store(true, Ordering::SeqCst);
        gather(self.callers).await
    }
}

async fn calling(channel: Channel, make: Make, mut take: impl FnMut() -> bool) -> Ended {
    let (mut took, mut failed) = (Vec::new(), 0);
    while take() {
        let begun = Instant::now();
        failed += usize::from(send(&channel, make).await.is_err());
        took.push(begun.elapsed());
    }
    Ended { took, failed }
}

async fn gather(callers: Vec<tokio::task::JoinHandle<Ended>>) -> Ended {
    let (mut took, mut failed) = (Vec::new(), 0);
    for caller in callers {
        let ended = caller.await.unwrap();
        took.extend(ended.took);
        failed += ended.failed;
    }
    took.sort_unstable();
    Ended { took, failed }
}
