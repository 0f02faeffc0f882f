//! Clients that want one lock over and over, and write down what they were told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::control::locks_client::LocksClient;
use api::control::{AcquireRequest, Grant, LockMode, ReleaseRequest};
use api::id::ACQUISITION;
use db::Db;
use db::fence::Passed;
use discovery::Channel;
use retry::Deadline;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::history::Granted;
use super::office::{Office, write};

const TTL: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(20);

/// What all clients were told.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) grants: Vec<Granted>,
    /// Writes that the resource refused for their token.
    pub(crate) refused: usize,
    /// Grants of which nobody knows how they ended.
    pub(crate) lost: usize,
}

/// Clients at work.
pub(crate) struct Clients {
    tasks: JoinSet<()>,
    shared: Arc<Shared>,
}

struct Shared {
    seen: Mutex<Seen>,
    had: AtomicUsize,
    wanted: usize,
    ended: CancellationToken,
}

impl Clients {
    pub(crate) fn begin(office: &Office, count: usize, wanted: usize) -> Self {
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            had: AtomicUsize::new(0),
            wanted,
            ended: CancellationToken::new(),
        });
        let mut tasks = JoinSet::new();
        let channel = office.channel();
        for number in 0..count {
            let client = Client {
                locks: LocksClient::new(channel.clone()),
                resource: office.resource.clone(),
                owner: format!("client-{number}"),
                shared: shared.clone(),
            };
            tasks.spawn(client.work());
        }
        Self { tasks, shared }
    }

    /// Waits until there were so many grants in all.
    pub(crate) async fn have_had(&self, grants: usize, each: Duration) {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            let had = self.shared.had.load(Ordering::Relaxed);
            if had >= grants {
                return;
            }
            if had > last {
                (last, since) = (had, Instant::now());
            }
            assert!(since.elapsed() < each, "stuck at {had} grants");
            sleep(LOOK).await;
        }
    }

    /// Waits until there were so many more.
    pub(crate) async fn have_had_more(&self, more: usize, each: Duration) {
        let had = self.shared.had.load(Ordering::Relaxed);
        self.have_had((had + more).min(self.shared.wanted), each)
            .await;
    }

    /// Waits for the last grant, and answers all that was seen.
    pub(crate) async fn end(mut self, each: Duration) -> Seen {
        self.have_had(self.shared.wanted, each).await;
        self.shared.ended.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut self.shared.seen.lock().unwrap())
    }
}

/// One client. It speaks the wire itself, to know by the database's clock when what it held began and ended.
struct Client {
    locks: LocksClient<Channel>,
    resource: Db,
    owner: String,
    shared: Arc<Shared>,
}

impl Client {
    async fn work(self) {
        let ended = self.shared.ended.clone();
        while !ended.is_cancelled() {
            let id = ACQUISITION.write(Uuid::now_v7());
            let Some(Some(grant)) = ended.run_until_cancelled(self.acquire(&id)).await else {
                continue;
            };
            self.shared.had.fetch_add(1, Ordering::Relaxed);
            let written = write(&self.resource, grant.token).await;
            let until = self.release(&id).await;
            let mut seen = self.shared.seen.lock().unwrap();
            seen.refused += usize::from(matches!(written, Ok(Passed::Behind)));
            seen.lost += usize::from(until.is_none());
            seen.grants.push(Granted {
                token: grant.token,
                from: grant.granted_at,
                until,
            });
        }
    }

    /// Asks with one id until it is granted.
    async fn acquire(&self, id: &str) -> Option<Grant> {
        loop {
            match timeout(Duration::from_secs(30), self.ask(id)).await {
                Ok(Ok(grant)) => return Some(grant),
                Ok(Err(status)) if api::error::reason(&status).as_deref() == Some("ENDED") => {
                    return None;
                }
                _ => sleep(LOOK).await,
            }
        }
    }

    async fn ask(&self, id: &str) -> Result<Grant, Status> {
        let request = AcquireRequest {
            name: "one".to_owned(),
            owner: self.owner.clone(),
            id: id.to_owned(),
            mode: LockMode::Exclusive.into(),
            ttl_ms: u64::try_from(TTL.as_millis()).unwrap_or(u64::MAX),
            wait_ms: 20_000,
            max_hold_ms: 0,
        };
        let mut locks = self.locks.clone();
        let mut answers = locks.acquire(request).await?.into_inner();
        while let Some(answer) = answers.message().await? {
            if let Some(grant) = answer.grant {
                return Ok(grant);
            }
        }
        Err(Status::unavailable("the answer broke off"))
    }

    /// Releases it, and tells when, if that is known.
    async fn release(&self, id: &str) -> Option<String> {
        let request = ReleaseRequest {
            name: "one".to_owned(),
            owner: self.owner.clone(),
            id: id.to_owned(),
        };
        let mut locks = self.locks.clone();
        let released = locks.release(retry::keyed(request));
        let released = Deadline::after(Duration::from_secs(20))
            .scope(released)
            .await;
        let at = released.ok()?.into_inner().released_at;
        (!at.is_empty()).then_some(at)
    }
}
