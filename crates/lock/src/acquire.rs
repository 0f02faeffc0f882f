//! Asking for a lock until it is granted or refused. Dropped before that, it leaves nothing behind.

use std::time::Duration;

use api::control::{AcquireRequest, Grant, ReleaseRequest};
use api::id::ACQUISITION;
use retry::{Backoff, Deadline};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Status;
use uuid::Uuid;

use crate::error::passing;
use crate::lease::Lease;
use crate::locks::Claimed;
use crate::terms::millis;
use crate::{Error, Guard, Owner, Terms};

/// How long the service may take to say that a request is in the queue.
const HEAD: Duration = Duration::from_secs(5);
/// What a failover of the service or its database may take, also of somebody who would not wait for others.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much later than at its end the service may say that a wait is over.
const LATER: Duration = Duration::from_secs(2);
/// From what a broken connection takes, to what a failover's reconnects bear.
const PAUSE: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(250));
/// How long it is tried to take back what may have been granted; after that it runs out by itself.
const TAKE_BACK: Duration = Duration::from_secs(30);

/// A request for a lock, on its way.
pub(crate) struct Asking {
    claimed: Option<Claimed>,
    id: String,
    terms: Terms,
}

impl Owner {
    /// Waits for the lock called `name`, and holds it from then on.
    ///
    /// # Errors
    /// [`Error::Held`] when the wait is over, [`Error::Deadlock`], [`Error::Already`]; else what the service says.
    pub async fn acquire(&self, name: &str, terms: Terms) -> Result<Guard, Error> {
        let claimed = self.claim(name).ok_or(Error::Already)?;
        let mut asking = Asking {
            claimed: Some(claimed),
            id: ACQUISITION.write(Uuid::now_v7()),
            terms,
        };
        let (grant, lease) = asking.repeated(self).await?;
        let claimed = asking.claimed.take();
        let claimed = claimed.expect("nobody has taken it yet");
        Ok(Guard::keep(claimed, grant, lease))
    }
}

impl Asking {
    /// Asks again, with the same id, for as long as nothing but the way there is broken.
    async fn repeated(&self, owner: &Owner) -> Result<(Grant, Lease), Error> {
        let until = Instant::now() + self.terms.wait;
        let end = Instant::now() + self.terms.wait.max(PATIENCE);
        for failures in 0.. {
            let left = until.saturating_duration_since(Instant::now());
            let status = match self.once(owner, left).await {
                Ok(granted) => return Ok(granted),
                Err(status) => status,
            };
            let pause = PAUSE.draw(failures);
            if !passing(&status) || Instant::now() + pause >= end {
                return Err(status.into());
            }
            sleep(pause).await;
        }
        unreachable!("the range above has no end")
    }

    async fn once(&self, owner: &Owner, wait: Duration) -> Result<(Grant, Lease), Status> {
        let sent = Instant::now();
        let mut client = owner.locks.client.clone();
        let head = Deadline::after(HEAD);
        let answers = head.scope(client.acquire(self.request(owner, wait)));
        let answers = head.limit(answers).await.map_err(|_| late())?;
        let mut answers = answers?.into_inner();
        let end = sent + wait + LATER + HEAD;
        loop {
            let answer = timeout_at(end, answers.message()).await;
            let answer = answer.map_err(|_| late())??.ok_or_else(late)?;
            if let Some(grant) = answer.grant {
                let between = [sent, Instant::now()];
                let lease = Lease::of(&grant, &answer.placed_at, between, self.terms.ttl)?;
                return Ok((grant, lease));
            }
        }
    }

    fn request(&self, owner: &Owner, wait: Duration) -> AcquireRequest {
        let name = self.claimed.as_ref().map(Claimed::name);
        AcquireRequest {
            name: name.unwrap_or_default().to_owned(),
            owner: owner.name().to_owned(),
            id: self.id.clone(),
            mode: self.terms.mode.wire().into(),
            ttl_ms: millis(self.terms.ttl),
            wait_ms: millis(wait),
            max_hold_ms: self.terms.max_hold.map(millis).unwrap_or_default(),
        }
    }
}

/// Takes back what may have been granted, or may still be: a request that comes after its release gets nothing.
impl Drop for Asking {
    fn drop(&mut self) {
        let (Some(claimed), Ok(runtime)) = (self.claimed.take(), Handle::try_current()) else {
            return;
        };
        let id = std::mem::take(&mut self.id);
        let tasks = claimed.owner().locks.tasks.clone();
        tasks.spawn_on(async move { release(&claimed, &id).await }, &runtime);
    }
}

/// Ends a grant or a wait, however often it has to be said. Nobody waits for its answer.
pub(crate) async fn release(claimed: &Claimed, id: &str) {
    let owner = claimed.owner();
    let request = ReleaseRequest {
        name: claimed.name().to_owned(),
        owner: owner.name().to_owned(),
        id: id.to_owned(),
    };
    let mut client = owner.locks.client.clone();
    let deadline = Deadline::after(TAKE_BACK);
    let released = deadline.scope(client.release(retry::keyed(request)));
    match deadline.limit(released).await {
        Ok(Err(status)) => tracing::debug!(%status, "a lock was not released"),
        Err(_) => tracing::warn!("a lock was not released in time; it runs out by itself"),
        Ok(Ok(_)) => {}
    }
}

fn late() -> Status {
    Status::unavailable("the lock service does not answer")
}
