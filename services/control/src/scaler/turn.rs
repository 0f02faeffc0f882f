//! Whose turn it is to decide: one instance at a time, by a lock of the very service that this is an instance of.
//!
//! It asks at its own desk and not over the network, so it needs nobody's address. Whoever is paused past its lease finds the
//! fence closed: each write is held against the token that the rows were shown last.

use std::time::Duration;

use retry::Deadline;
use tokio::time::Instant;
use tracing::warn;
use uuid::Uuid;

use super::Over;
use crate::domain::lock::{Asked, Invalid, Mode, Name, Owner};
use crate::locks::job::{Job, Told, Whose};
use crate::locks::{Desk, Error, acquire};

/// The lock.
const LOCK: &str = "scaler.leader";
/// Whoever dies with it keeps others waiting no longer.
const TTL: Duration = Duration::from_secs(10);
/// How long it is waited for at a time.
const WAIT: Duration = Duration::from_mins(1);
/// How long one word with the desk may take.
const LIMIT: Duration = Duration::from_secs(2);

/// The turn to decide.
pub(super) struct Turn {
    desk: Desk,
    whose: Whose,
    token: i64,
    /// When it was asked for, as far as it is granted for sure.
    since: Instant,
}

impl Turn {
    /// Waits for the turn.
    ///
    /// # Errors
    /// When others have it for as long as that, or the database is away.
    pub(super) async fn take(desk: &Desk) -> Result<Self, Over> {
        let asked = asked(desk).map_err(Error::Invalid)?;
        let whose = Whose {
            name: asked.name.clone(),
            owner: asked.owner.as_str().to_owned(),
            id: asked.id,
        };
        let mut acquiring = Deadline::after(LIMIT)
            .scope(acquire::begin(desk, asked))
            .await?;
        let grant = match acquiring.at_once() {
            Some(grant) => grant,
            None => acquiring.turn().await?,
        };
        let mut turn = Self {
            desk: desk.clone(),
            whose,
            token: grant.token,
            since: Instant::now(),
        };
        // The lease may have begun while its news was on its way: it is begun anew, at a time that is known here.
        turn.renew().await?;
        Ok(turn)
    }

    /// What each write shows.
    pub(super) fn token(&self) -> i64 {
        self.token
    }

    /// Keeps the turn.
    ///
    /// # Errors
    /// When it is lost.
    pub(super) async fn keep(&mut self) -> Result<(), Over> {
        if self.since.elapsed() < TTL / 3 {
            return Ok(());
        }
        match self.renew().await {
            // It may be heard next time: what the others may think is a third of the ttl away.
            Err(Over::Lock(error)) if self.since.elapsed() < TTL * 2 / 3 => {
                warn!(%error, "the turn to decide on instances is not renewed");
                Ok(())
            }
            kept => kept,
        }
    }

    async fn renew(&mut self) -> Result<(), Over> {
        let sent = Instant::now();
        let job = Job::Renew(self.whose.clone());
        let told = Deadline::after(LIMIT)
            .scope(self.desk.carry_out(job))
            .await?;
        match told {
            Told::Granted(_) => {
                self.since = sent;
                Ok(())
            }
            _ => Err(Over::Lost),
        }
    }

    /// Gives it back; others need not wait for its end.
    pub(super) async fn end(self) {
        let job = Job::Release(self.whose);
        let ended = Deadline::after(LIMIT).scope(self.desk.carry_out(job)).await;
        if let Err(error) = ended {
            warn!(%error, "the turn to decide on instances is over by itself only");
        }
    }
}

fn asked(desk: &Desk) -> Result<Asked, Invalid> {
    let id = Uuid::now_v7();
    let asked = Asked {
        name: Name::new(LOCK)?,
        // A turn that could not be given back must not pass for this one.
        owner: Owner::new(&format!(
            "control/{}/{}",
            desk.instance.simple(),
            id.simple()
        ))?,
        id,
        attempt: Uuid::now_v7(),
        instance: desk.instance,
        mode: Mode::Exclusive,
        ttl: TTL,
        wait: WAIT,
        max_hold: None,
    };
    asked.checked()
}
