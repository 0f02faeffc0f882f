//! Takes up the sagas that nobody works on any more. Every instance does.

use std::sync::Arc;

use db::Error;
use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use tracing::{info_span, warn};

use crate::store::claim::{Claim, Claimed, claim};
use crate::turn::Turn;
use crate::{Ending, Runner, Saga, Work};

type Resume<T> = fn(Runner, Work, Arc<T>) -> BoxFuture<'static, Ending>;

/// The sagas that a service knows how to go on with.
pub struct Book<T> {
    entries: Vec<(&'static str, Resume<T>)>,
}

impl<T> Clone for Book<T> {
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
        }
    }
}

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<T: Send + Sync + 'static> Book<T> {
    /// The same with `S`.
    #[must_use]
    pub fn with<S: Saga<Tools = T>>(mut self) -> Self {
        self.entries.push((S::NAME, resume::<S>));
        self
    }

    fn resume(&self, name: &str) -> Option<(&'static str, Resume<T>)> {
        self.entries.iter().copied().find(|entry| entry.0 == name)
    }
}

fn resume<S: Saga>(runner: Runner, work: Work, tools: Arc<S::Tools>) -> BoxFuture<'static, Ending> {
    Box::pin(async move {
        match S::load(work.subject, &tools).await {
            Ok(saga) => Turn::new(&runner, &saga, work, &tools).run().await,
            Err(error) => {
                warn!(saga = S::NAME, subject = %work.subject, %error, "could not be taken up");
                Ending::Left
            }
        }
    })
}

impl Runner {
    /// Claims what is due and goes on with it in the background; tells how many.
    ///
    /// # Errors
    /// When the claim did not go through; what was claimed by then is claimed again after its lease.
    pub async fn recover<T: Send + Sync + 'static>(
        &self,
        book: &Book<T>,
        tools: &Arc<T>,
    ) -> Result<usize, Error> {
        let mut room = Vec::new();
        while let Ok(permit) = self.room.clone().try_acquire_owned() {
            room.push(permit);
        }
        if room.is_empty() {
            return Ok(0);
        }
        let claimed = claim(&self.db, &self.claim_for(book, room.len())).await?;
        let count = claimed.len();
        for (claimed, permit) in claimed.into_iter().zip(room) {
            self.take_up(book, tools, claimed, permit);
        }
        Ok(count)
    }

    /// Recovers for ever. Drop the future to end it.
    pub async fn keep_recovering<T: Send + Sync + 'static>(self, book: Book<T>, tools: Arc<T>) {
        loop {
            if let Err(error) = self.recover(&book, &tools).await {
                warn!(%error, "could not look for sagas to recover");
            }
            // Instances that were started together do not look together.
            let look = self.settings.look;
            sleep(look / 2 + retry::Backoff::new(look, look).draw(0)).await;
        }
    }

    fn claim_for<T: Send + Sync + 'static>(&self, book: &Book<T>, most: usize) -> Claim {
        Claim {
            names: book
                .entries
                .iter()
                .map(|entry| entry.0.to_owned())
                .collect(),
            owner: self.settings.owner.as_str().into(),
            lease: self.settings.lease,
            most: i64::try_from(most).unwrap_or(i64::MAX),
        }
    }

    fn take_up<T: Send + Sync + 'static>(
        &self,
        book: &Book<T>,
        tools: &Arc<T>,
        claimed: Claimed,
        permit: OwnedSemaphorePermit,
    ) {
        let Some((name, resume)) = book.resume(&claimed.name) else {
            return; // Only sagas of the book are claimed.
        };
        let lease = claimed.work.lease;
        let span = info_span!(parent: None, "saga", saga = name, subject = %claimed.work.subject, epoch = lease.epoch);
        metrics::counter!("saga_recovered_total", "saga" => name).increment(1);
        let work = resume(self.clone(), claimed.work, tools.clone());
        self.spawn(
            async move {
                let ending = work.await;
                drop(permit);
                ending
            },
            span,
        );
    }
}
