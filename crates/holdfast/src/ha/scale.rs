//! More of a service, or less.

use anyhow::{Context as _, ensure};

use super::Shop;
use crate::house::Kind;

/// How many there may be of each service on one machine.
pub(super) const MOST: usize = 8;

impl Shop {
    /// Has `count` instances of `kind`: more are there when this returns, fewer have answered what they had begun.
    ///
    /// # Errors
    /// When `count` is none or too many, or one does not start.
    pub(super) async fn scale(&self, kind: Kind, count: usize) -> anyhow::Result<()> {
        ensure!(
            (1..=MOST).contains(&count),
            "there can be 1 to {MOST} of a service, not {count}"
        );
        let _alone = self.scaling.lock().await;
        while self.house.seats(kind).len() < count {
            self.grow(kind).await?;
        }
        while self.house.seats(kind).len() > count {
            self.shrink(kind).await?;
        }
        Ok(())
    }

    async fn grow(&self, kind: Kind) -> anyhow::Result<()> {
        let seat = self.house.add(kind, &[]).await?;
        let process = seat.process().context("a service of its own process")?;
        self.cluster.supervisor().add(process.clone());
        seat.ready().await?;
        self.front(kind).await
    }

    async fn shrink(&self, kind: Kind) -> anyhow::Result<()> {
        let Some(seat) = self.house.take(kind) else {
            return Ok(());
        };
        if let Some(process) = seat.process() {
            process.retire();
        }
        // Nobody is sent to it any more when it ends: it says by itself that it does, and HAProxies are told.
        self.front(kind).await?;
        seat.stop().await;
        Ok(())
    }

    /// The front doors lead to other gateways than before.
    async fn front(&self, kind: Kind) -> anyhow::Result<()> {
        match kind {
            Kind::Gateway => self.open_fronts().await,
            Kind::User | Kind::News | Kind::Order | Kind::Control => Ok(()),
        }
    }
}
