//! Whose turn it is to take a backup or to verify one: one at a time, also where several see to one shop.

use std::fmt;
use std::time::Duration;

use anyhow::bail;
use lock::{Error, Guard, Locks, Terms};
use tokio::sync::{Mutex, MutexGuard};

use crate::ha::asking::Asking;

/// The lock of whoever sees to the backups.
const LOCK: &str = "backup.leader";
/// Whoever dies while it has the turn keeps others waiting no longer than the ttl.
const TERMS: Terms = Terms {
    mode: lock::Mode::Exclusive,
    ttl: Duration::from_secs(10),
    wait: Duration::ZERO,
    max_hold: Some(Duration::from_hours(2)),
};

/// Who has the turn: within this process one after the other, among several by the lock service.
#[derive(Debug)]
pub struct Turns {
    own: Mutex<()>,
    asking: Asking,
}

/// The turn, until it is dropped.
pub struct Turn<'a> {
    _own: MutexGuard<'a, ()>,
    leads: Option<Guard>,
}

impl Turns {
    /// Asks the control service that `settings` say where to find.
    pub fn new(settings: Vec<(String, String)>) -> Self {
        let (own, asking) = (Mutex::default(), Asking::by(settings));
        Self { own, asking }
    }

    /// Waits for the others of this process, and takes the turn. Where control is away nobody else is asked: then pgBackRest's own
    /// lock of the repository is what keeps two apart.
    ///
    /// # Errors
    /// When another supervisor has it.
    pub async fn take(&self) -> anyhow::Result<Turn<'_>> {
        let own = self.own.lock().await;
        let leads = match self.ask().await {
            Ok(guard) => Some(guard),
            Err(NotLed::Others) => {
                bail!(
                    "another supervisor sees to the backups now; `holdfast backup list` shows what comes of it"
                )
            }
            Err(NotLed::Away(why)) => {
                tracing::warn!(why, "nobody can be asked whose turn a backup is");
                None
            }
        };
        Ok(Turn { _own: own, leads })
    }

    async fn ask(&self) -> Result<Guard, NotLed> {
        let channel = self
            .asking
            .channel()
            .map_err(|wrong| NotLed::Away(wrong.to_string()))?;
        let owner = Locks::over(channel).owner("supervisor");
        let asked = owner.acquire(LOCK, TERMS).await;
        asked.map_err(|error| match error {
            Error::Held => NotLed::Others,
            error => NotLed::Away(error.to_string()),
        })
    }
}

impl Turn<'_> {
    /// Whether the lock service gave it, and no other supervisor can have it.
    pub fn is_led(&self) -> bool {
        self.leads.is_some()
    }
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("leads", &self.leads).finish()
    }
}

/// Why the lock service did not give the turn.
enum NotLed {
    /// Another supervisor has it.
    Others,
    /// It was not to be had, for this reason.
    Away(String),
}
