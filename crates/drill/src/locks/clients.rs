//! Clients that want one lock over and over, write under it to a resource, and write down what they were told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::control::locks_client::LocksClient;
use api::control::{AcquireRequest, Grant, LockMode, ReleaseRequest};
use api::id::ACQUISITION;
use db::fence::{Fences, Passed};
use db::{Db, Error};
use discovery::Channel;
use retry::Deadline;
use sqlx::{query, query_scalar};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::Granted;

const FENCES: Fences = Fences { table: "fences" };
/// How long a lease lasts.
const TTL: Duration = Duration::from_secs(3);
/// How much longer than its lease somebody keeps what they hold who overstays.
const OVERSTAYED: Duration = Duration::from_secs(2);
/// How long a client waits before it asks again.
const LOOK: Duration = Duration::from_millis(20);
/// How long it may take to be told of a grant, a wait included.
const ASK: Duration = Duration::from_secs(30);
const WAIT: Duration = Duration::from_secs(20);

/// What the clients' resource keeps: a fence, and one row for each write.
pub const TABLES: [&str; 2] = [
    "create table fences (name text primary key, token bigint not null)",
    "create table writes (number bigserial primary key, token bigint not null)",
];

/// Who wants the lock, and what they do under it.
#[derive(Debug, Clone)]
pub struct Wanting {
    /// How many of them.
    pub clients: usize,
    /// How long each does something else after it had the lock.
    pub pause: Duration,
    /// Each so many grants somebody keeps the lock past its lease and writes then; nobody does, where it is nothing.
    pub overstays: Option<usize>,
}

/// What all clients were told.
#[derive(Debug, Default)]
pub struct Seen {
    /// Every grant.
    pub grants: Vec<Granted>,
    /// Writes that the resource refused for their token.
    pub refused: usize,
    /// Grants of which nobody knows how they ended.
    pub lost: usize,
}

/// Clients at work.
#[derive(Debug)]
pub struct Clients {
    tasks: JoinSet<()>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    seen: Mutex<Seen>,
    had: AtomicUsize,
    wanting: Wanting,
    ended: CancellationToken,
}

impl Clients {
    /// Has them ask at the other end of `channel`, and write to `resource`, which has [`TABLES`].
    pub fn begin(channel: &Channel, resource: &Db, wanting: Wanting) -> Self {
        let count = wanting.clients;
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            had: AtomicUsize::new(0),
            wanting,
            ended: CancellationToken::new(),
        });
        let mut tasks = JoinSet::new();
        for number in 0..count {
            let client = Client {
                locks: LocksClient::new(channel.clone()),
                resource: resource.clone(),
                owner: format!("client-{number}"),
                shared: shared.clone(),
            };
            tasks.spawn(client.work());
        }
        Self { tasks, shared }
    }

    /// How many grants there were so far.
    pub fn had(&self) -> usize {
        self.shared.had.load(Ordering::Relaxed)
    }

    /// Waits until each has let go of what it had, and answers all that was seen.
    pub async fn end(self) -> Seen {
        self.shared.ended.cancel();
        self.tasks.join_all().await;
        let mut seen = self
            .shared
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut seen)
    }
}

impl Shared {
    /// Writes down a grant, what the resource said to it, and when it was released, if that is known.
    fn note(
        &self,
        owner: &str,
        grant: &Grant,
        written: &Result<Passed, Error>,
        until: Option<String>,
    ) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.refused += usize::from(matches!(written, Ok(Passed::Behind)));
        seen.lost += usize::from(until.is_none());
        seen.grants.push(Granted {
            owner: owner.to_owned(),
            token: grant.token,
            from: grant.granted_at.clone(),
            until,
        });
    }
}

/// The tokens of the writes that `resource` took, in its order.
///
/// # Errors
/// When it is not reachable.
pub async fn writes(resource: &Db) -> Result<Vec<i64>, Error> {
    let read = resource.read_primary("writes", |tx| {
        let rows = query_scalar("select token from writes order by number");
        Box::pin(async move { Ok(rows.fetch_all(&mut **tx).await?) })
    });
    Ok(read.await?.value)
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
        let (shared, wanting) = (self.shared.clone(), self.shared.wanting.clone());
        while !shared.ended.is_cancelled() {
            let id = ACQUISITION.write(Uuid::now_v7());
            let Some(Some(grant)) = shared.ended.run_until_cancelled(self.acquire(&id)).await
            else {
                continue;
            };
            let turn = shared.had.fetch_add(1, Ordering::Relaxed) + 1;
            let overstays = wanting
                .overstays
                .is_some_and(|each| turn.is_multiple_of(each));
            let (written, until) = if overstays {
                sleep(TTL + OVERSTAYED).await;
                let written = write(&self.resource, grant.token).await;
                // It is given to nobody else before its lease is over.
                (written, lease_end(&grant.granted_at))
            } else {
                let written = show_and_write(&self.resource, grant.token).await;
                (written, self.release(&id).await)
            };
            shared.note(&self.owner, &grant, &written, until);
            shared.ended.run_until_cancelled(sleep(wanting.pause)).await;
        }
    }

    /// Asks with one id until it is granted.
    async fn acquire(&self, id: &str) -> Option<Grant> {
        loop {
            match timeout(ASK, self.ask(id)).await {
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
            ttl_ms: milliseconds(TTL),
            wait_ms: milliseconds(WAIT),
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
        let released = Deadline::after(WAIT).scope(released).await;
        let at = released.ok()?.into_inner().released_at;
        (!at.is_empty()).then_some(at)
    }
}

/// Shows `token` to the resource, and then writes with it: each in a transaction of its own.
async fn show_and_write(resource: &Db, token: i64) -> Result<Passed, Error> {
    let shown = resource.keyed("show", move |tx| Box::pin(FENCES.show(tx, "one", token)));
    let shown: Result<Passed, Error> = shown.await;
    if shown? == Passed::Behind {
        return Ok(Passed::Behind);
    }
    write(resource, token).await
}

async fn write(resource: &Db, token: i64) -> Result<Passed, Error> {
    let written = resource.write("write", move |tx| {
        Box::pin(async move {
            let passed = FENCES.pass(tx, "one", token).await?;
            if passed == Passed::Yes {
                let write = query("insert into writes (token) values ($1)").bind(token);
                write.execute(&mut **tx).await?;
            }
            Ok(passed)
        })
    });
    written.await
}

/// When the lease of what was granted at `from` is over, at the earliest: after a promotion it is later.
fn lease_end(from: &str) -> Option<String> {
    let from = api::time::read(from).ok()?;
    Some(api::time::write(from + TTL))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_locks;

    #[test]
    fn a_lock_that_is_given_to_the_next_one_before_an_overstayed_lease_is_over_is_held_by_two() {
        let granted = |token, second: u8, until| Granted {
            owner: format!("client-{token}"),
            token,
            from: format!("2026-01-01T00:00:0{second}.500000Z"),
            until,
        };
        let overstayed = granted(1, 0, None);
        let overstayed = Granted {
            until: lease_end(&overstayed.from),
            ..overstayed
        };

        let early = check_locks(&[overstayed.clone(), granted(2, 2, None)], &[]);
        let right = check_locks(&[overstayed, granted(2, 3, None)], &[]);

        assert!(early[0].starts_with("two at a time"), "{early:?}");
        assert_eq!(right, Vec::<String>::new());
    }
}
