//! Who works on sagas in this process: starts them, lets them be waited for, and waits for them at the end.

use std::sync::Arc;
use std::time::Duration;

use api::token::{self, Given};
use db::Db;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span, info_span};
use uuid::Uuid;

use crate::turn::Turn;
use crate::{Act, Begin, Ending, Probe, Saga, Spot, Work};

/// For how long, how many, and by whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of this process.
    pub owner: String,
    /// How long a saga is worked on before recovery may claim it.
    pub lease: Duration,
    /// How long one attempt at a step may take.
    pub attempt: Duration,
    /// How long a step that may be undone is repeated forward.
    pub settle_by: Duration,
    /// How many claimed sagas are worked on at a time.
    pub most: usize,
    /// How often recovery looks for sagas whose lease is over.
    pub look: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            owner: Uuid::now_v7().to_string(),
            lease: Duration::from_secs(10),
            attempt: Duration::from_secs(4),
            settle_by: Duration::from_mins(15),
            most: 64,
            look: Duration::from_secs(1),
        }
    }
}

/// Works on sagas. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    pub(crate) db: Db,
    pub(crate) settings: Arc<Settings>,
    pub(crate) probe: Arc<dyn Probe>,
    pub(crate) room: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Runner {
    /// A runner for the sagas of `db`.
    pub fn new(db: Db, settings: Settings) -> Self {
        Self {
            db,
            room: Arc::new(Semaphore::new(settings.most)),
            settings: Arc::new(settings),
            probe: Arc::new(|_: Spot| Act::Go),
            tasks: TaskTracker::new(),
        }
    }

    /// The same with somebody who looks on.
    #[must_use]
    pub fn watched_by(mut self, probe: impl Probe) -> Self {
        self.probe = Arc::new(probe);
        self
    }

    /// A saga that is to begin in the transaction that makes `subject`, leased to this process.
    pub fn begin<S: Saga>(&self, id: Uuid, subject: Uuid) -> Begin {
        Begin {
            id,
            name: S::NAME,
            subject,
            owner: self.settings.owner.as_str().into(),
            lease: self.settings.lease,
            settle_by: self.settings.settle_by,
            since: Instant::now(),
        }
    }

    /// Works on `saga` in the background, whether or not anybody waits for it.
    pub fn start<S: Saga>(&self, saga: S, work: Work, tools: Arc<S::Tools>) -> Running {
        let span =
            info_span!("saga", saga = S::NAME, subject = %work.subject, epoch = work.lease.epoch);
        let runner = self.clone();
        let run = async move { Turn::new(&runner, &saga, work, &tools).run().await };
        Running(self.spawn(run, span))
    }

    pub(crate) fn spawn(
        &self,
        work: impl Future<Output = Ending> + Send + 'static,
        span: Span,
    ) -> JoinHandle<(Ending, Given)> {
        let apart = token::scope(Given::Nothing, work);
        self.tasks.spawn(apart.instrument(span))
    }

    /// Waits for what is under way, at most for `limit`. What is left then is recovery's.
    pub async fn drain(&self, limit: Duration) {
        self.tasks.close();
        let _ = timeout(limit, self.tasks.wait()).await;
    }
}

/// A saga that is being worked on. Dropped, it goes on.
#[derive(Debug)]
pub struct Running(JoinHandle<(Ending, Given)>);

impl Running {
    /// Waits for its end, and raises the caller's token to what its steps have seen.
    pub async fn ended(self) -> Ending {
        let Ok((ending, seen)) = self.0.await else {
            return Ending::Left; // It panicked: recovery takes it up.
        };
        if let Given::Token(seen) = seen {
            token::saw(seen);
        }
        ending
    }
}
