//! Restores to a moment, into a server beside the shop.

use anyhow::ensure;
use stack::{Restored, Until};
use time::OffsetDateTime;

use super::{shown, when};
use crate::ha::Shop;

/// What becomes of a restored server.
#[derive(Debug)]
pub(in crate::ha) enum Place {
    /// It goes when whoever asked for it does.
    Held(Box<Restored>),
    /// The shop keeps it.
    Kept,
}

impl Shop {
    /// Restores to the moment `to`. What was kept before is ended.
    pub(in crate::ha) async fn restore(
        &self,
        to: &str,
        keep: bool,
    ) -> anyhow::Result<(String, Place)> {
        let to = when::read(to)?;
        ensure!(
            to <= OffsetDateTime::now_utc(),
            "{} is still to come",
            shown(to)
        );
        let backups = self.backups()?;
        // What was committed until a moment ago is there as well; without a leader, what was archived has to do.
        let note = match backups.flush().await {
            Ok(()) => String::new(),
            Err(error) => format!("\nOnly what was archived before is in it: {error}"),
        };
        let restored = backups.restore(&Until::Time(to)).await?;
        let said = self.told(&restored, to) + &note;
        if !keep {
            return Ok((said, Place::Held(Box::new(restored))));
        }
        let before = self.desk.kept.lock().await.replace(restored);
        if let Some(before) = before {
            before.remove().await;
        }
        let end = "\nIt stays until `holdfast restore --end`, the next one that is to stay, or the end of the shop";
        Ok((said + end, Place::Kept))
    }

    fn told(&self, restored: &Restored, to: OffsetDateTime) -> String {
        let (there, here) = (restored.url("order"), self.cluster.url_by_file("order"));
        format!(
            "Restored to {}, from the backup {}, in {:.1} s. It is a server of its own, which the shop does not know:

  psql '{there}'

(and .../user, .../news). It can be read; `select pg_wal_replay_resume()` lets you write to it as well. To bring a table back:

  pg_dump --table=NAME '{there}' | psql '{here}'

docs/restore.md says it step by step",
            shown(to),
            restored.backup().label,
            restored.took().as_secs_f64(),
        )
    }
}
