//! Backups of the running shop: taking, listing, verifying and restoring them.

mod errand;
mod facts;
pub(super) mod list;
mod moment;
mod note;
mod restore;
mod schedule;
mod seen;
mod turn;
mod verify;
mod when;

use std::time::Duration;

use anyhow::Context as _;
use stack::{Backup, Backups, Extent, Restored};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::Shop;

pub use errand::Errand;
pub use facts::{Facts, Tables, differences, of_restored};
pub use moment::Moment;
pub use note::Verified;
pub(super) use restore::Place;
pub(super) use schedule::keep;
pub(super) use seen::{Seen, age};
pub use turn::{Turn, Turns};
pub use when::read as read_moment;

/// How often a backup is taken: what a restore has to replay is a day of the log at most.
pub const DAILY: Duration = Duration::from_hours(24);
/// How often one is taken that rests on none before it.
const WEEKLY: Duration = Duration::from_hours(7 * 24);

/// What is under way and what is kept.
#[derive(Debug)]
pub struct Desk {
    /// One at a time takes a backup or verifies one.
    turns: Turns,
    /// The restored server that stays until somebody ends it.
    kept: Mutex<Option<Restored>>,
    /// What was last seen of it all.
    seen: Mutex<Option<seen::Look>>,
}

impl Desk {
    /// Nothing is under way; `turns` says whose turn it is.
    pub(super) fn new(turns: Turns) -> Self {
        Self {
            turns,
            kept: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// Ends what is kept.
    pub(super) async fn clear(&self) -> bool {
        let kept = self.kept.lock().await.take();
        let there = kept.is_some();
        if let Some(restored) = kept {
            restored.remove().await;
        }
        there
    }
}

impl Shop {
    /// Its backups.
    ///
    /// # Errors
    /// When it is run without any.
    pub fn backups(&self) -> anyhow::Result<Backups<'_>> {
        let backups = self.cluster.backups();
        backups.context("this shop is run without backups")
    }

    /// Takes a backup now: of what has changed since the newest one, or `full`.
    ///
    /// # Errors
    /// When no node leads, the repository cannot be written, or another supervisor has the turn.
    pub async fn back_up(&self, full: bool) -> anyhow::Result<String> {
        let turn = self.desk.turns.take().await?;
        self.take_backup(&turn, full).await
    }

    /// Takes one in this turn.
    async fn take_backup(&self, _: &Turn<'_>, full: bool) -> anyhow::Result<String> {
        let extent = if full { Extent::Full } else { Extent::Changed };
        let backup = self.backups()?.take(extent).await?;
        self.list_for_control().await;
        let took = backup.ended - backup.began;
        Ok(format!(
            "{}: {}, in {} s. It counts when it has been restored: `holdfast backup verify`",
            backup.label,
            sizes(&backup),
            took.whole_seconds()
        ))
    }

    /// Writes the list down anew; a backup that is not in it is there all the same.
    async fn list_for_control(&self) {
        let written = async { list::write(self.backups()?).await };
        if let Err(error) = written.await {
            tracing::warn!(error = format!("{error:#}"), "the list of backups is old");
        }
    }

    /// Lists the backups that are there.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub async fn list_backups(&self) -> anyhow::Result<String> {
        let backups = self.backups()?;
        let line = |backup: &Backup| {
            format!(
                "{:<34} {}  {}\n",
                backup.label,
                shown(backup.ended),
                sizes(backup)
            )
        };
        let all = backups.list().await?;
        let lines: String = all.iter().map(line).collect();
        let oldest = all.first().map_or_else(
            || "There is no backup yet: `holdfast backup` takes one".to_owned(),
            |first| {
                format!(
                    "Any moment since {} can be restored: holdfast restore --to-time '...'",
                    shown(first.ended)
                )
            },
        );
        Ok(format!(
            "{lines}{oldest}\nThey are in {}",
            backups.folder().display()
        ))
    }
}

fn sizes(backup: &Backup) -> String {
    let whole = match backup.extent {
        Extent::Full => "full",
        Extent::Changed => "what has changed",
    };
    format!(
        "{whole}, {} of {}",
        megabytes(backup.added),
        megabytes(backup.bytes)
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

/// A moment as people read it, and as `--to-time` does.
pub(super) fn shown(time: OffsetDateTime) -> String {
    let utc = time.to_offset(time::UtcOffset::UTC);
    format!(
        "{} {:02}:{:02}:{:02}.{:03}Z",
        utc.date(),
        utc.hour(),
        utc.minute(),
        utc.second(),
        utc.millisecond()
    )
}
