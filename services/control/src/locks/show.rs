//! Showing locks: who has them, who waits.

use std::time::Duration;

use async_stream::try_stream;
use futures::Stream;
use time::OffsetDateTime;
use tokio::time::sleep;

use super::{Desk, Error};
use crate::domain::lock::{Claim, Name};
use crate::store::{claims, shown};

/// How often somebody who watches is told.
const LOOK: Duration = Duration::from_millis(500);

/// A lock as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it is called.
    pub name: String,
    /// All who have it or wait for it, in the order of coming.
    pub claims: Vec<Claim>,
    /// Which of them hold it for longer than was meant, by the order above.
    pub overdue: Vec<bool>,
}

impl Desk {
    /// Finds the locks called `names`, as they are now.
    async fn look(&self, names: Vec<String>) -> Result<Vec<Shown>, Error> {
        let found = self.db.read_primary("locks: look", |tx| {
            let names = names.clone();
            Box::pin(async move {
                let at = claims::now(tx).await?;
                Ok((at, claims::load(tx, &names).await?))
            })
        });
        let (now, locks) = found.await?.value;
        let shown = locks
            .into_iter()
            .map(|(name, lock)| Shown::of(name, lock.claims, now));
        Ok(shown.collect())
    }

    /// Finds a lock.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody has it or waits for it.
    pub async fn find(&self, name: &Name) -> Result<Shown, Error> {
        let found = self.one(name).await?;
        if found.claims.is_empty() {
            return Err(Error::NotFound);
        }
        Ok(found)
    }

    /// Shows a lock, whether or not anybody claims it.
    ///
    /// # Errors
    /// When the database did not answer.
    pub async fn one(&self, name: &Name) -> Result<Shown, Error> {
        let found = self.look(vec![name.as_str().to_owned()]).await?;
        found.into_iter().next().ok_or(Error::NotFound)
    }

    /// Lists locks whose names begin with `prefix`, from behind `after` on.
    ///
    /// # Errors
    /// When the database did not answer.
    pub async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        rows: i64,
    ) -> Result<Vec<Shown>, Error> {
        let names = self.db.read_primary("locks: list", |tx| {
            Box::pin(shown::names(tx, prefix, after, rows))
        });
        self.look(names.await?.value).await
    }

    /// Streams how a lock is, and again whenever that has changed.
    pub fn watch(self, name: Name) -> impl Stream<Item = Result<Shown, Error>> + Send {
        try_stream! {
            let mut seen = None;
            loop {
                let shown = self.one(&name).await?;
                if seen.as_ref() != Some(&shown) {
                    seen = Some(shown.clone());
                    yield shown;
                }
                sleep(LOOK).await;
            }
        }
    }
}

impl Shown {
    fn of(name: String, claims: Vec<Claim>, now: OffsetDateTime) -> Self {
        // Its instance says anew all the time that it lives; that is no news.
        let quiet = |mut claim: Claim| {
            claim.alive_until = None;
            claim
        };
        Self {
            overdue: claims.iter().map(|claim| claim.is_overdue(now)).collect(),
            claims: claims.into_iter().map(quiet).collect(),
            name,
        }
    }
}
