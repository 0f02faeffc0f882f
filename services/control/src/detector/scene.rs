//! What every observer of this process works with.

use std::sync::Arc;
use std::time::Instant;

use chassis::Instance;
use time::OffsetDateTime;
use tokio::sync::{Mutex, mpsc};
use tracing::{info_span, warn};

use super::clock::Clock;
use crate::board::Board;
use crate::domain::fault::{Entry, Kind, Recovery, Resolution, Sighting, Subject};
use crate::domain::hearsay::Word;
use crate::tools::Tools;

/// How many entries may wait for the scribe: more than a house has faults while the database takes its time.
const WAITING: usize = 1_024;

/// What every observer of this process works with. Cheap to clone.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) clock: Clock,
    pub(super) board: Board,
    tools: Tools,
    told: mpsc::Sender<Entry>,
    heard: Arc<Mutex<mpsc::Receiver<Entry>>>,
}

/// What began, and why.
pub(super) struct Beginning {
    /// What it is.
    pub(super) kind: Kind,
    /// Who has it.
    pub(super) component: String,
    /// In which life.
    pub(super) incarnation: String,
    /// The last moment at which all was well.
    pub(super) since: OffsetDateTime,
    /// What it may follow from.
    pub(super) cause: Option<(Kind, String)>,
    /// What is done about it.
    pub(super) handling: String,
}

impl Scene {
    pub(super) fn new(tools: Tools) -> Self {
        let (told, heard) = mpsc::channel(WAITING);
        Self {
            clock: Clock::new(),
            board: tools.board.clone(),
            tools,
            told,
            heard: Arc::new(Mutex::new(heard)),
        }
    }

    /// Runs `work` beside the requests of `instance` until that closes.
    pub(super) fn spawn<F>(
        &self,
        instance: &Instance,
        name: &'static str,
        work: impl Fn(Self) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let scene = self.clone();
        instance.spawn(name, move |closing| {
            let work = work(scene.clone());
            async move {
                closing.run_until_cancelled(work).await;
            }
        });
    }

    /// What callers say of the instance of `service` at `address`.
    pub(super) fn words(&self, service: &str, address: &str) -> Vec<Word> {
        self.tools.roll().words(service, address, Instant::now())
    }

    /// Writes down what observers tell, in their order. They do not wait for the database.
    pub(super) async fn write(&self) {
        let mut heard = self.heard.lock().await;
        while let Some(entry) = heard.recv().await {
            self.tools.ledger.keep(entry).await;
        }
    }

    /// A fault has begun, or more is known of it.
    pub(super) async fn began(&self, beginning: Beginning) {
        let Beginning {
            kind,
            component,
            incarnation,
            since,
            cause,
            handling,
        } = beginning;
        let span = info_span!("fault", fault.type = kind.word(), fault.component = component);
        let trace_id = span.in_scope(|| {
            warn!(fault.type = kind.word(), fault.component = component, %since, "a fault has begun");
            telemetry::trace_id().unwrap_or_default()
        });
        let Some(subject) = named(kind, &component, &incarnation) else {
            return;
        };
        let sighting = Sighting {
            subject,
            occurred_at: since,
            detected_at: OffsetDateTime::now_utc().max(since),
            cause,
            handling,
            trace_id,
        };
        self.tell(Entry::Seen(sighting)).await;
    }

    /// A fault is over since `at`.
    pub(super) async fn ended(
        &self,
        subject: (Kind, &str, &str),
        at: OffsetDateTime,
        resolution: Resolution,
        handling: String,
    ) {
        let (kind, component, incarnation) = subject;
        warn!(fault.type = kind.word(), fault.component = component, resolution = resolution.word(), "a fault is over");
        if let Some(subject) = named(kind, component, incarnation) {
            let recovery = Recovery {
                subject,
                resolved_at: at,
                resolution,
                handling,
            };
            self.tell(Entry::Over(recovery)).await;
        }
    }

    pub(super) async fn tell(&self, entry: Entry) {
        // The scribe ends with this process only.
        let _ = self.told.send(entry).await;
    }
}

/// Names are ours or a directory's; one that the ledger could not hold is said in the log.
pub(super) fn named(kind: Kind, component: &str, incarnation: &str) -> Option<Subject> {
    let subject = Subject::new(kind, component, incarnation);
    subject
        .inspect_err(|error| warn!(component, %error, "no name for the ledger"))
        .ok()
}
