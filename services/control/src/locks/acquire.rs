//! Asking for a lock: it is granted, or waited for, or refused.

use std::time::Duration;

use metrics::{counter, histogram};
use retry::Deadline;
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::job::{Call, Grant, Job, Told};
use super::waiting::News;
use super::{Desk, Error};
use crate::domain::lock::{Asked, Refusal};

/// How long it is tried to end a wait. What is left then is found by `tend`.
const LEAVE: Duration = Duration::from_secs(30);

/// A request for a lock. Dropped before it has its answer, it leaves nothing behind.
pub struct Acquiring {
    desk: Desk,
    call: Call,
    /// When its place was kept, by the database's clock.
    pub placed_at: OffsetDateTime,
    begun: Instant,
    until: Instant,
    news: oneshot::Receiver<News>,
    /// The answer of the first moment; nothing while it waits.
    granted: Option<Grant>,
    answered: bool,
}

/// Asks for a lock.
///
/// # Errors
/// Why it is neither granted nor waited for.
pub async fn begin(desk: &Desk, asked: Asked) -> Result<Acquiring, Error> {
    desk.live().await?;
    let begun = Instant::now();
    let mut acquiring = Acquiring {
        news: desk.waiting.sit(asked.attempt),
        desk: desk.clone(),
        call: asked.call(),
        until: begun + asked.wait,
        placed_at: OffsetDateTime::UNIX_EPOCH,
        begun,
        granted: None,
        answered: false,
    };
    let (told, at) = desk.carry_out_at(Job::Acquire(asked)).await?;
    acquiring.placed_at = at;
    match told {
        Told::Granted(grant) => acquiring.granted = Some(grant),
        Told::Waits => desk.waiting.placed(acquiring.call.attempt),
        Told::Refused(why) => {
            acquiring.answered = true;
            return Err(Error::Refused(why));
        }
        Told::Released(_) | Told::Nothing | Told::Others => return Err(Error::Gone),
    }
    Ok(acquiring)
}

impl Acquiring {
    /// The grant, where it was there to be had.
    pub fn at_once(&mut self) -> Option<Grant> {
        let grant = self.granted?;
        self.answer(grant);
        Some(grant)
    }

    /// Waits for its turn.
    ///
    /// # Errors
    /// [`Refusal::Held`] when the wait is over, [`Refusal::Deadlock`]; [`Error::Gone`] when it has lost its place.
    pub async fn turn(&mut self) -> Result<Grant, Error> {
        let told = timeout_at(self.until, &mut self.news).await;
        let grant = match told {
            Ok(Ok(News::Grant(grant))) => grant,
            Ok(Ok(News::Deadlock)) => return Err(self.refused(Refusal::Deadlock)),
            Ok(Ok(News::Gone) | Err(_)) => return Err(Error::Gone),
            Err(_) => self.give_up().await?,
        };
        self.answer(grant);
        Ok(grant)
    }

    /// Ends the wait, unless its turn has come this very moment.
    async fn give_up(&mut self) -> Result<Grant, Error> {
        let job = Job::GiveUp(self.call.clone());
        let told = Deadline::after(LEAVE)
            .scope(self.desk.carry_out(job))
            .await?;
        match told {
            Told::Granted(grant) => Ok(grant),
            _ => Err(self.refused(Refusal::Held)),
        }
    }

    fn refused(&mut self, why: Refusal) -> Error {
        self.answered = true;
        histogram!("lock_wait_seconds", "outcome" => "refused").record(self.begun.elapsed());
        Error::Refused(why)
    }

    fn answer(&mut self, _: Grant) {
        self.answered = true;
        counter!("lock_grants_total").increment(1);
        histogram!("lock_wait_seconds", "outcome" => "granted").record(self.begun.elapsed());
    }
}

impl Drop for Acquiring {
    fn drop(&mut self) {
        self.desk.waiting.leave(self.call.attempt);
        if self.answered {
            return;
        }
        // Outside of a runtime the process is about to end.
        if let Ok(runtime) = Handle::try_current() {
            let (desk, job) = (self.desk.clone(), Job::Withdraw(self.call.clone()));
            runtime.spawn(async move {
                let left = Deadline::after(LEAVE).scope(desk.carry_out(job)).await;
                if let Err(error) = left {
                    tracing::warn!(%error, "a call that has left is still in the queue");
                }
            });
        }
    }
}
