//! One connection to Redis that is dropped at any error and made anew in the background.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, ErrorKind, RedisError, RedisResult, Role};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::place::Place;

/// How long a command may take before Redis counts as gone.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long making a connection may take. Nobody but the first caller waits for it.
const CONNECT: Duration = Duration::from_secs(1);
/// The waits between attempts to connect. A failover takes some two seconds: what comes on top of it should be little.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// How often Sentinels are asked whether the primary is still the one that we are connected to.
const FOLLOW: Duration = Duration::from_secs(2);

/// Redis, or its absence: while it is away every command is refused at once, and a task of its own tries to reach it.
#[derive(Clone)]
pub struct Redis {
    inner: Arc<Inner>,
}

/// Redis did not do what was asked, or nobody knows whether it did.
#[derive(Debug, thiserror::Error)]
pub enum Away {
    /// It was found to be away before; nothing was sent.
    #[error("redis is away")]
    Known,
    /// It gave no answer in time.
    #[error("redis gave no answer within {PATIENCE:?}")]
    Late,
    /// Sentinels name another primary.
    #[error("another redis is the primary now")]
    Moved,
    /// It refused, or the connection broke.
    #[error(transparent)]
    Failed(#[from] RedisError),
}

struct Inner {
    place: Place,
    namespace: String,
    state: watch::Sender<State>,
    connections: AtomicU64,
    /// For how many milliseconds entries are served at most.
    longest: AtomicU64,
}

#[derive(Clone)]
enum State {
    /// Nobody has asked yet.
    New,
    /// The first attempt is under way.
    Trying,
    Up(u64, MultiplexedConnection),
    Down,
}

impl Redis {
    /// Tells whether `url` is an address that [`Redis::connect`] can use.
    ///
    /// # Errors
    /// When it is none, with the reason.
    pub fn check(url: &str) -> Result<(), Away> {
        let (address, _) = split(url);
        Ok(Place::read(address)?.check()?)
    }

    /// Uses the Redis at `url`, such as `redis://127.0.0.1:6379/0#name`, now or when it comes up; or the one that Sentinels
    /// name: `redis+sentinel://127.0.0.1:26379,127.0.0.1:26380/mymaster/0#name`. Over TLS: `rediss`, `rediss+sentinel`; with
    /// `?ssl_ca_certs=/path/ca.pem` before the last name that authority alone is believed, as it is in its file at each
    /// connection. All keys begin with the last `name`, so that several may share one Redis.
    pub fn connect(url: &str) -> Self {
        let (address, namespace) = split(url);
        let place = Place::read(address).unwrap_or_else(|error| {
            tracing::error!(%error, "the address of redis cannot be used");
            Place::Nowhere
        });
        let inner = Inner {
            place,
            namespace: namespace.to_owned(),
            state: watch::Sender::new(State::New),
            connections: AtomicU64::new(0),
            longest: AtomicU64::new(u64::MAX),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Serves no cached entry for longer than `longest` from now on; by `None` for as long as its own bounds say. An entry that
    /// was to live longer is as good as missing.
    pub fn allow(&self, longest: Option<Duration>) {
        let millis = longest.map_or(u64::MAX, |longest| {
            u64::try_from(longest.as_millis()).unwrap_or(u64::MAX)
        });
        self.inner.longest.store(millis, Ordering::Relaxed);
    }

    /// How long a cached entry is served at most.
    pub(crate) fn longest(&self) -> Duration {
        Duration::from_millis(self.inner.longest.load(Ordering::Relaxed))
    }

    /// Runs commands on the connection. Any error drops it.
    ///
    /// # Errors
    /// [`Away`]; whatever it is, the caller must do without.
    pub async fn run<T, F, Fut>(&self, work: F) -> Result<T, Away>
    where
        F: FnOnce(MultiplexedConnection) -> Fut,
        Fut: Future<Output = RedisResult<T>>,
    {
        let (number, connection) = self.connection().await?;
        let began = Instant::now();
        let answered = timeout(PATIENCE, work(connection)).await;
        metrics::histogram!("cache_redis_seconds").record(began.elapsed());
        let answer = match answered {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Away::Failed(error),
            Err(_) => Away::Late,
        };
        self.lost(number, &answer);
        Err(answer)
    }

    /// Whether commands are taken at the moment. The first to ask makes it connect.
    pub fn is_up(&self) -> bool {
        self.begin();
        matches!(*self.inner.state.borrow(), State::Up(..))
    }

    /// Writes the name of a key below this namespace.
    pub fn key(&self, cache: &str, key: &str) -> String {
        format!("{}:{cache}:{key}", self.inner.namespace)
    }

    async fn connection(&self) -> Result<(u64, MultiplexedConnection), Away> {
        self.begin();
        let mut state = self.inner.state.subscribe();
        let first = state.wait_for(|state| !matches!(state, State::Trying));
        let Ok(Ok(state)) = timeout(PATIENCE, first).await else {
            return Err(Away::Known);
        };
        match &*state {
            State::Up(number, connection) => Ok((*number, connection.clone())),
            _ => Err(Away::Known),
        }
    }

    /// Starts the first attempt, once.
    fn begin(&self) {
        let began = self.inner.state.send_if_modified(|state| {
            let new = matches!(state, State::New);
            if new {
                *state = State::Trying;
            }
            new
        });
        if began {
            tokio::spawn(reach(Arc::downgrade(&self.inner)));
        }
    }

    /// Drops connection `number`, unless somebody did so already, and starts to look for another.
    fn lost(&self, number: u64, why: &Away) {
        let dropped = self.inner.state.send_if_modified(|state| {
            let current = state.is(number);
            if current {
                *state = State::Down;
            }
            current
        });
        if dropped {
            tracing::warn!(error = %why, "redis is away");
            metrics::counter!("cache_redis_lost_total").increment(1);
            tokio::spawn(reach(Arc::downgrade(&self.inner)));
        }
    }
}

impl State {
    /// Whether it is connection `number`.
    fn is(&self, number: u64) -> bool {
        matches!(self, Self::Up(current, _) if *current == number)
    }
}

/// The address in a URL, and what keys begin with.
fn split(url: &str) -> (&str, &str) {
    url.split_once('#').unwrap_or((url, "holdfast"))
}

/// Connects, however long it takes, unless the last user of it is gone.
async fn reach(inner: Weak<Inner>) {
    let mut wait = FIRST_WAIT;
    loop {
        let Some(inner) = inner.upgrade() else { return };
        match timeout(CONNECT, connect(&inner.place)).await {
            Ok(Ok((connection, addr))) => return up(&inner, connection, addr),
            Ok(Err(error)) => tracing::debug!(%error, "redis cannot be reached"),
            Err(_) => tracing::debug!("redis cannot be reached in time"),
        }
        inner.state.send_replace(State::Down);
        drop(inner);
        sleep(wait.mul_f64(rand::random_range(0.5..=1.0))).await;
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

fn up(inner: &Arc<Inner>, connection: MultiplexedConnection, addr: ConnectionAddr) {
    let number = inner.connections.fetch_add(1, Ordering::Relaxed);
    tracing::info!("redis is reached");
    inner.state.send_replace(State::Up(number, connection));
    if inner.place.may_move() {
        tokio::spawn(follow(Arc::downgrade(inner), number, addr));
    }
}

/// Drops connection `number`, to `addr`, when Sentinels name another primary. Whoever was replaced is told so by them, and
/// breaks our connection itself; this is for one whom they do not reach and we do.
async fn follow(inner: Weak<Inner>, number: u64, addr: ConnectionAddr) {
    loop {
        sleep(FOLLOW).await;
        let Some(inner) = inner.upgrade() else { return };
        if !inner.state.borrow().is(number) {
            return;
        }
        // Where none of them answers, the connection that is there is as good as any.
        if let Ok(named) = inner.place.primary().await
            && *named.info().addr() != addr
        {
            return Redis { inner }.lost(number, &Away::Moved);
        }
    }
}

async fn connect(place: &Place) -> RedisResult<(MultiplexedConnection, ConnectionAddr)> {
    let primary = place.primary().await?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let addr = primary.info().addr().clone();
    let mut connection = primary
        .client()?
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    refuse_a_demoted(&mut connection).await?;
    Ok((connection, addr))
}

/// A primary that was demoted still answers reads, with what it had.
async fn refuse_a_demoted(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    match redis::cmd("ROLE").query_async(connection).await? {
        Role::Primary { .. } => Ok(()),
        _ => Err((ErrorKind::Client, "not a primary").into()),
    }
}
