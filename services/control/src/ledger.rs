//! Keeps what observers saw: in the database, and while that is away in a file beside this process.

pub mod spool;

use std::sync::Arc;
use std::time::Duration;

use db::Db;
use retry::Deadline;
use tokio::sync::Mutex;
use tracing::{Instrument as _, error, info, info_span, warn};

use self::spool::Spool;
use crate::domain::fault::{Entry, Recovery, Sighting};
use crate::store::faults::write;

/// How long the database may take for one entry.
const LIMIT: Duration = Duration::from_secs(2);
/// How often it is looked whether what is spooled can be written.
const LOOK: Duration = Duration::from_millis(500);

/// Keeps what observers saw. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    db: Db,
    // Held while one entry is written: what is spooled must not be overtaken.
    spool: Arc<Mutex<Spool>>,
}

impl Ledger {
    /// Writes to `db`, and to `spool` while that is away.
    pub fn new(db: Db, spool: Spool) -> Self {
        Self {
            db,
            spool: Arc::new(Mutex::new(spool)),
        }
    }

    /// Keeps `entry`, now or when the database is back.
    pub async fn keep(&self, entry: Entry) {
        let mut spool = self.spool.lock().await;
        if spool.is_empty() {
            match self.write(&entry).await {
                Ok(()) => return,
                Err(Kept::Never(error)) => return refuse(&entry, &error),
                Err(Kept::Later(error)) => {
                    warn!(%error, "the ledger is away; faults are spooled");
                }
            }
        }
        spool.push(entry);
    }

    /// Writes what is spooled as soon as the database is back.
    pub async fn follow(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.unspool().await;
        }
    }

    async fn unspool(&self) {
        let mut spool = self.spool.lock().await;
        let count = spool.len();
        let mut written = 0;
        while let Some(entry) = spool.first().cloned() {
            match self.write(&entry).await {
                Ok(()) => written += 1,
                Err(Kept::Never(error)) => refuse(&entry, &error),
                Err(Kept::Later(_)) => break,
            }
            spool.pop();
        }
        if written > 0 {
            info!(
                written,
                left = count - written,
                "what was spooled is in the ledger"
            );
        }
    }

    async fn write(&self, entry: &Entry) -> Result<(), Kept> {
        let deadline = Deadline::after(LIMIT);
        let span = info_span!("fault.write");
        let written = async {
            match entry {
                Entry::Seen(sighting) => self.seen(sighting).await,
                Entry::Over(recovery) => self.over(recovery).await,
                Entry::Handled(subject, handling) => {
                    let handled = self.db.keyed("faults: handled", |tx| {
                        Box::pin(write::handled(tx, subject, handling))
                    });
                    handled.await
                }
            }
        };
        let written = deadline.scope(written).instrument(span).await;
        written.map_err(|error| match error {
            db::Error::Statement(_) | db::Error::Swallowed(_) | db::Error::Panicked(_) => {
                Kept::Never(error)
            }
            _ => Kept::Later(error),
        })
    }

    async fn seen(&self, sighting: &Sighting) -> Result<(), db::Error> {
        let new = self
            .db
            .keyed("faults: seen", |tx| Box::pin(write::seen(tx, sighting)));
        if new.await? {
            let kind = sighting.subject.kind.word();
            let took = sighting.detected_at - sighting.occurred_at;
            metrics::counter!("faults_detected_total", "type" => kind).increment(1);
            metrics::histogram!("fault_detection_seconds", "type" => kind)
                .record(took.as_seconds_f64().max(0.0));
        }
        Ok(())
    }

    async fn over(&self, recovery: &Recovery) -> Result<(), db::Error> {
        let lasted = self
            .db
            .keyed("faults: over", |tx| Box::pin(write::over(tx, recovery)));
        if let Some(seconds) = lasted.await? {
            let kind = recovery.subject.kind.word();
            metrics::histogram!("fault_repair_seconds", "type" => kind).record(seconds);
        }
        Ok(())
    }
}

/// Why an entry is not in the database.
enum Kept {
    /// The database did not answer.
    Later(db::Error),
    /// It refuses this entry, and would again.
    Never(db::Error),
}

fn refuse(entry: &Entry, error: &db::Error) {
    error!(?entry, %error, "the ledger refuses a fault");
}
