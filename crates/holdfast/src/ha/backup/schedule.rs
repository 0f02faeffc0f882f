//! Takes backups by itself, and verifies them.

use std::sync::Arc;
use std::time::Duration;

use stack::Extent;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::seen::age;
use super::{DAILY, WEEKLY};
use crate::ha::Shop;

/// How often we look whether one is due.
const LOOK: Duration = Duration::from_mins(1);

/// Takes a backup of `shop` whenever one is due, the first one at once, for as long as the task is let be.
pub(in crate::ha) fn keep(shop: Arc<Shop>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            if let Err(error) = see_to(&shop).await {
                tracing::warn!(error = format!("{error:#}"), "a backup is due");
            }
            sleep(LOOK).await;
        }
    })
}

/// Takes a backup and verifies it, if one is due.
async fn see_to(shop: &Shop) -> anyhow::Result<()> {
    if due(shop).await?.is_none() {
        return Ok(());
    }
    let turn = shop.desk.turns.take().await?;
    // Whoever had the turn before may have taken it.
    if let Some(extent) = due(shop).await? {
        shop.take_backup(&turn, extent == Extent::Full).await?;
        shop.verify_newest(&turn).await?;
    }
    Ok(())
}

/// How much the backup takes that is due; nothing, where none is.
async fn due(shop: &Shop) -> anyhow::Result<Option<Extent>> {
    let all = shop.backups()?.list().await?;
    let within = |limit: Duration| move |backup: &&stack::Backup| age(backup.ended) < limit;
    if all.iter().any(|backup| within(DAILY)(&backup)) {
        return Ok(None);
    }
    let mut full = all.iter().filter(|backup| backup.extent == Extent::Full);
    let full = full.any(|backup| within(WEEKLY)(&backup));
    Ok(Some(if full { Extent::Changed } else { Extent::Full }))
}
