//! What operators say, kept at hand for all who ask twice a second.

use std::sync::Arc;
use std::time::Duration;

use db::{Db, Tx};
use retry::Deadline;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::domain::allowance::Allowance;
use crate::store::said::{self, Adjustment, Resource};

/// How often it is looked whether another instance has taken a change.
const LOOK: Duration = Duration::from_millis(500);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// All that operators say.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Counts the changes; 0 before it was read.
    pub revision: i64,
    /// What is said of services.
    pub resources: Vec<Resource>,
    /// What is said of instances.
    pub adjustments: Vec<Adjustment>,
}

impl Said {
    /// What is said of the service of this name.
    pub fn of(&self, service: &str) -> Option<&Allowance> {
        let found = self.resources.iter().find(|one| one.service == service)?;
        Some(&found.allowance.0)
    }

    /// What is said of the instance of this name.
    pub fn on(&self, instance: &str) -> Option<&Adjustment> {
        self.adjustments.iter().find(|one| one.instance == instance)
    }
}

/// What was read last; it stays while the database is away. Clones share it.
#[derive(Clone)]
pub struct AtHand {
    said: watch::Sender<Arc<Said>>,
    changed: Arc<Notify>,
}

impl AtHand {
    /// Nothing was read yet.
    pub fn empty() -> Self {
        Self {
            said: watch::Sender::default(),
            changed: Arc::default(),
        }
    }

    /// What was read last.
    pub fn now(&self) -> Arc<Said> {
        self.said.borrow().clone()
    }

    /// Tells of each change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Said>> {
        self.said.subscribe()
    }

    /// Has it read anew at once.
    pub(crate) fn look(&self) {
        self.changed.notify_one();
    }

    /// Follows what `db` keeps, until `closing` ends.
    pub(crate) async fn follow(&self, db: Db, closing: CancellationToken) {
        let mut following = true;
        while !closing.is_cancelled() {
            let read = Deadline::after(PATIENCE).scope(self.read(&db)).await;
            if let Err(error) = &read
                && following
            {
                warn!(%error, "what operators say cannot be read; what was read last applies");
            }
            following = read.is_ok();
            tokio::select! {
                () = closing.cancelled() => {}
                () = self.changed.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn read(&self, db: &Db) -> Result<(), db::Error> {
        let known = self.now().revision;
        // On the primary: a replica may be behind what was told already.
        let read = db.read_primary("said: follow", |tx| Box::pin(newer(tx, known)));
        if let Some(said) = read.await?.value {
            self.said.send_replace(Arc::new(said));
        }
        Ok(())
    }
}

/// All that is said, if it is not what is `known`.
async fn newer(tx: &mut Tx, known: i64) -> Result<Option<Said>, db::Error> {
    let revision = said::revision(tx).await?;
    if revision == known {
        return Ok(None);
    }
    // A change that comes in between is told with the revision before it, and once more with its own.
    Ok(Some(Said {
        revision,
        resources: said::resources(tx).await?,
        adjustments: said::adjustments(tx).await?,
    }))
}
