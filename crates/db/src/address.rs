//! The connections to one address: made when needed, kept while they are good.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use retry::Deadline;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::Why;
use crate::meters::{InUse, Meters};
use crate::tx::{Lent, Tx};

/// How long an address that did not let in comes last.
const REST: Duration = Duration::from_secs(1);
/// Who answers, and of which cluster.
const WHO: &str = "select pg_is_in_recovery(), system_identifier from pg_control_system()";

/// One address of a database.
#[derive(Debug)]
pub(crate) struct Address {
    options: PgConnectOptions,
    /// Whether only a primary will do.
    primary: bool,
    patience: Duration,
    permits: Arc<Semaphore>,
    /// How many connections there may be.
    most: Mutex<u32>,
    idle: Mutex<Vec<Idle>>,
    /// Counts the connections that broke: those made before are not trusted any more.
    broken: AtomicU64,
    resting: Mutex<Option<Instant>>,
    known: AtomicBool,
    meters: Meters,
}

#[derive(Debug)]
struct Idle {
    tx: Tx,
    cluster: u64,
    made: u64,
}

/// One of the connections that there may be, taken.
#[derive(Debug)]
struct Taken {
    _permit: OwnedSemaphorePermit,
    _counted: InUse,
}

/// A connection in use. Dropped, it is closed, in whatever state it is; only [`Connection::put_back`] keeps it.
#[derive(Debug)]
pub(crate) struct Connection<'env> {
    pub(crate) tx: Lent<'env>,
    /// The cluster that it leads to.
    pub(crate) cluster: u64,
    made: u64,
    address: Arc<Address>,
    taken: Taken,
}

impl Address {
    pub(crate) fn new(
        options: PgConnectOptions,
        primary: bool,
        most: u32,
        patience: Duration,
    ) -> Self {
        let most = most.max(1);
        Self {
            options,
            primary,
            patience,
            permits: Arc::new(Semaphore::new(most as usize)),
            most: Mutex::new(most),
            idle: Mutex::default(),
            broken: AtomicU64::new(0),
            resting: Mutex::default(),
            known: AtomicBool::new(false),
            meters: Meters::default(),
        }
    }

    /// A connection that is kept, or else a new one.
    pub(crate) async fn acquire<'env>(
        self: &Arc<Self>,
        deadline: Deadline,
    ) -> Result<Connection<'env>, Why> {
        let began = Instant::now();
        let permit = deadline.limit(self.permits.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| Why::Late)?;
        let permit = permit.expect("the semaphore is never closed");
        let taken = Taken {
            _permit: permit,
            _counted: self.meters.lent(&self.options, *lock(&self.most), began),
        };
        let kept = lock(&self.idle).pop();
        let (idle, taken) = match kept {
            Some(idle) => (idle, taken),
            None => self.connect(taken, deadline).await?,
        };
        Ok(Connection {
            tx: Lent::new(idle.tx),
            cluster: idle.cluster,
            made: idle.made,
            address: self.clone(),
            taken,
        })
    }

    /// Allows `most` connections from now on. Where there are more, as many end as come back.
    pub(crate) fn allow(&self, most: u32) {
        let most = most.max(1);
        let before = std::mem::replace(&mut *lock(&self.most), most);
        self.permits
            .add_permits(most.saturating_sub(before) as usize);
        let permits = self.permits.clone();
        let fewer = before.saturating_sub(most);
        if fewer > 0 {
            tokio::spawn(async move {
                // One after the other: whoever waits for a connection does not wait for all of these.
                for _ in 0..fewer {
                    let permit = permits.acquire().await;
                    permit.expect("the semaphore is never closed").forget();
                }
            });
        }
    }

    /// Until when a question that costs nothing is to be answered.
    pub(crate) fn soon(&self, deadline: Deadline) -> Deadline {
        deadline.min(Deadline::after(self.patience))
    }

    /// Whether to try others first. Once in a while one caller is told no, to see whether it lets in again.
    pub(crate) fn resting(&self) -> bool {
        let mut resting = lock(&self.resting);
        let Some(until) = *resting else {
            return false;
        };
        let now = Instant::now();
        if now >= until {
            *resting = Some(now + self.patience + REST);
            return false;
        }
        true
    }

    /// Lets others be tried first for a while.
    pub(crate) fn rest(&self) {
        *lock(&self.resting) = Some(Instant::now() + REST);
    }

    /// How to connect to it.
    pub(crate) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Whether it has let in once.
    pub(crate) fn known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// Makes a connection. Whoever wants it may leave before it is made: it is kept for the next one, so that an address to
    /// which connecting takes longer than anybody's patience is reached in the end, and not begun with ever anew.
    async fn connect(
        self: &Arc<Self>,
        taken: Taken,
        deadline: Deadline,
    ) -> Result<(Idle, Taken), Why> {
        let (tell, told) = oneshot::channel();
        let address = self.clone();
        let attempt = async move {
            let made = address.attempt().await.map(|idle| (idle, taken));
            if let Err(Ok((idle, taken))) = tell.send(made) {
                address.keep(idle);
                drop(taken); // Only now: whoever waits for it is to find the connection.
            }
        };
        tokio::spawn(attempt.in_current_span());
        match deadline.limit(told).await {
            Ok(Ok(made)) => made,
            _ => Err(Why::Late),
        }
    }

    async fn attempt(&self) -> Result<Idle, Why> {
        let made = self.broken.load(Ordering::Acquire);
        // Boxed, for it is large and rare.
        let met = Deadline::after(self.patience)
            .limit(Box::pin(self.meet()))
            .await;
        match met.unwrap_or(Err(Why::Late)) {
            Ok((tx, cluster)) => {
                self.known.store(true, Ordering::Relaxed);
                *lock(&self.resting) = None;
                Ok(Idle { tx, cluster, made })
            }
            Err(why) => {
                self.rest();
                Err(why)
            }
        }
    }

    async fn meet(&self) -> Result<(Tx, u64), Why> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        let who = sqlx::query_as(WHO).fetch_one(&mut connection).await;
        let (standby, cluster): (bool, i64) = who?;
        if standby && self.primary {
            return Err(Why::NoPrimary);
        }
        Ok((Tx::new(connection), cluster.cast_unsigned()))
    }

    /// Keeps a connection for the next one, unless those of its age are not trusted any more.
    fn keep(&self, idle: Idle) {
        if idle.made < self.broken.load(Ordering::Acquire) {
            return;
        }
        let most = *lock(&self.most) as usize;
        let mut kept = lock(&self.idle);
        kept.push(idle);
        kept.truncate(most);
    }
}

impl Connection<'_> {
    /// Keeps the connection for the next one. It must be outside of any transaction.
    pub(crate) fn put_back(mut self) {
        self.tx.fault = None;
        self.address.keep(Idle {
            tx: self.tx.into_inner(),
            cluster: self.cluster,
            made: self.made,
        });
        drop(self.taken); // Only now: whoever waits for it is to find the connection.
    }

    /// Closes the connection as broken, and those of the same age with it: what broke one has rarely spared the others.
    pub(crate) fn broke(self) {
        self.address
            .broken
            .fetch_max(self.made + 1, Ordering::AcqRel);
        let before = self.made + 1;
        lock(&self.address.idle).retain(|idle| idle.made >= before);
    }

    /// The address that it leads to.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }
}

/// Nothing here panics while it holds a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
