//! A control service of a test's own.

use std::net::SocketAddr;
use std::time::Duration;

use api::control::locks_client::LocksClient;
use api::control::{
    AcquireRequest, AcquireResponse, GetLockRequest, Grant, Lock, LockMode, ReleaseRequest,
    ReleaseResponse, RenewRequest,
};
use api::id::ACQUISITION;
use chassis::{Env, Running, Setting};
use discovery::Channel;
use testkit::Database;
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

const NEIGHBOURS: &[Setting] = &[Setting::required("CONTROL_ADDRS", "Where the service is.")];
/// How long anything may take to come about.
const LIMIT: Duration = Duration::from_secs(20);

/// A control service with its database.
pub(crate) struct House {
    pub(crate) database: Database,
    pub(crate) one: Control,
}

/// An instance of it.
pub(crate) struct Control {
    pub(crate) locks: LocksClient<Channel>,
    pub(crate) channel: Channel,
    pub(crate) addr: SocketAddr,
    _running: Running,
}

/// An instance that can be killed: all that it does ends in the middle.
pub(crate) struct Mortal {
    runtime: Option<Runtime>,
    pub(crate) locks: LocksClient<Channel>,
}

impl House {
    pub(crate) async fn open() -> Self {
        let database = testkit::database("control").await;
        let one = Control::start(&database).await;
        Self { database, one }
    }

    /// Another instance on the same database.
    pub(crate) async fn another(&self) -> Control {
        Control::start(&self.database).await
    }

    /// Another one, which can be killed.
    pub(crate) async fn mortal(&self) -> Mortal {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        let started = runtime.spawn(start(env(&self.database)));
        let running = started.await.unwrap();
        // It is called from here, where nothing is killed.
        let channel = channel(running.addr);
        runtime.spawn(async move {
            let _running = running;
            std::future::pending::<()>().await;
        });
        Mortal {
            runtime: Some(runtime),
            locks: LocksClient::new(channel),
        }
    }
}

impl Mortal {
    pub(crate) fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.kill();
    }
}

fn env(database: &Database) -> Env {
    Env::local([
        ("DATABASE_URLS", database.primary_url()),
        ("DATABASE_REPLICA_URLS", database.replica_url()),
        ("LOG", "error".to_owned()),
    ])
}

/// A way to the instance at `addr`.
pub(crate) fn channel(addr: SocketAddr) -> Channel {
    let env = Env::local([("CONTROL_ADDRS", addr.to_string())]);
    env.knowing(NEIGHBOURS).channel("control").unwrap()
}

async fn start(env: Env) -> Running {
    let running = chassis::start("control", env, control::Service::connect).await;
    running.unwrap()
}

impl Control {
    async fn start(database: &Database) -> Self {
        let running = start(env(database)).await;
        let channel = running.channel();
        Self {
            locks: LocksClient::new(channel.clone()),
            addr: running.addr,
            channel,
            _running: running,
        }
    }
}

/// A request for a lock.
#[derive(Clone)]
pub(crate) struct Wish(pub(crate) AcquireRequest);

/// A request for `name`, alone, for ten seconds, waiting as long.
pub(crate) fn wish(name: &str, owner: &str) -> Wish {
    Wish(AcquireRequest {
        name: name.to_owned(),
        owner: owner.to_owned(),
        id: ACQUISITION.write(Uuid::now_v7()),
        mode: LockMode::Exclusive.into(),
        ttl_ms: 10_000,
        wait_ms: 10_000,
        max_hold_ms: 0,
    })
}

impl Wish {
    pub(crate) fn shared(mut self) -> Self {
        self.0.mode = LockMode::Shared.into();
        self
    }

    pub(crate) fn ttl(mut self, millis: u64) -> Self {
        self.0.ttl_ms = millis;
        self
    }

    pub(crate) fn wait(mut self, millis: u64) -> Self {
        self.0.wait_ms = millis;
        self
    }

    /// Asks, and waits for the grant.
    pub(crate) async fn have(&self, locks: &LocksClient<Channel>) -> Result<Grant, Status> {
        let mut queued = self.queue(locks).await?;
        queued.turn().await
    }

    /// Asks, and returns once it is in the queue.
    pub(crate) async fn queue(&self, locks: &LocksClient<Channel>) -> Result<Queued, Status> {
        let answers = locks.clone().acquire(self.0.clone()).await?;
        let mut answers = answers.into_inner();
        let first = answers.message().await?.unwrap();
        let granted = first.grant;
        Ok(Queued { granted, answers })
    }

    pub(crate) async fn release(
        &self,
        locks: &LocksClient<Channel>,
    ) -> Result<ReleaseResponse, Status> {
        let request = ReleaseRequest {
            name: self.0.name.clone(),
            owner: self.0.owner.clone(),
            id: self.0.id.clone(),
        };
        Ok(locks.clone().release(request).await?.into_inner())
    }

    pub(crate) async fn renew(&self, locks: &LocksClient<Channel>) -> Result<Grant, Status> {
        let request = RenewRequest {
            name: self.0.name.clone(),
            owner: self.0.owner.clone(),
            id: self.0.id.clone(),
        };
        Ok(locks.clone().renew(request).await?.into_inner())
    }
}

/// A request that has a lock, or waits for it.
pub(crate) struct Queued {
    pub(crate) granted: Option<Grant>,
    answers: Streaming<AcquireResponse>,
}

impl Queued {
    /// Waits for the grant.
    pub(crate) async fn turn(&mut self) -> Result<Grant, Status> {
        if let Some(grant) = self.granted.take() {
            return Ok(grant);
        }
        let answer = tokio::time::timeout(LIMIT, self.answers.message());
        let answer = answer.await.expect("an answer in time")?;
        Ok(answer.expect("an answer before the end").grant.unwrap())
    }
}

/// How a lock is; one without anybody where there is none.
pub(crate) async fn look(locks: &LocksClient<Channel>, name: &str) -> Lock {
    let name = name.to_owned();
    let found = locks.clone().get(GetLockRequest { name }).await;
    match found {
        Ok(found) => found.into_inner(),
        Err(status) if status.code() == Code::NotFound => Lock::default(),
        Err(status) => panic!("{status}"),
    }
}

/// Waits until `come` has come about, and tells how long it took.
pub(crate) async fn until(what: &str, mut come: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !come().await {
        assert!(begun.elapsed() < LIMIT, "not in time: {what}");
        sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}

/// Why a request was refused.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.unwrap_err();
    api::error::reason(&status).unwrap_or_else(|| format!("{status}"))
}
