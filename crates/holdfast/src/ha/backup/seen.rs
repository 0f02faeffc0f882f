//! What is to be seen of the backups and of the archive.

use std::time::Duration;

use stack::{Archive, Backup};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::{DAILY, Verified};
use crate::ha::Shop;

/// How old a look may be that is shown again: each takes a few processes.
const FRESH: Duration = Duration::from_secs(10);
/// How much later than it is due a backup may be.
const LATE: Duration = Duration::from_hours(2);
/// How long a finished file of the log may wait for the archive.
const SLOW: Duration = Duration::from_mins(2);

/// What is to be seen of the backups and of the archive. What cannot be asked is missing.
#[derive(Debug, Clone, Default)]
pub(in crate::ha) struct Seen {
    pub(in crate::ha) newest: Option<Backup>,
    pub(in crate::ha) archive: Option<Archive>,
    pub(in crate::ha) verified: Option<Verified>,
}

/// What was seen, and when.
#[derive(Debug, Clone)]
pub(super) struct Look {
    at: Instant,
    seen: Seen,
}

impl Shop {
    /// Looks at the backups and the archive now.
    pub(in crate::ha) async fn look_at_backups(&self) -> Seen {
        let Ok(backups) = self.backups() else {
            return Seen::default();
        };
        let (list, archive) = tokio::join!(backups.list(), backups.archive());
        Seen {
            newest: list.ok().and_then(|mut list| list.pop()),
            archive: archive.ok(),
            verified: Verified::read(backups.folder()),
        }
    }

    /// What was seen of them a moment ago.
    pub(in crate::ha) async fn seen_of_backups(&self) -> Seen {
        let mut last = self.desk.seen.lock().await;
        match &*last {
            Some(look) if look.at.elapsed() < FRESH => look.seen.clone(),
            _ => {
                let seen = self.look_at_backups().await;
                let at = Instant::now();
                *last = Some(Look {
                    at,
                    seen: seen.clone(),
                });
                seen
            }
        }
    }
}

impl Seen {
    /// Whether a backup is due that nobody has taken.
    pub(in crate::ha) fn is_old(&self) -> bool {
        let age = self.newest.as_ref().map(|newest| age(newest.ended));
        age.is_none_or(|age| age > DAILY + LATE)
    }

    /// Whether files of the log wait for too long.
    pub(in crate::ha) fn lags(&self) -> bool {
        let archive = self.archive.as_ref();
        archive.is_none_or(|archive| archive.failing || archive.waited > SLOW)
    }
}

/// How long ago `time` was.
pub(in crate::ha) fn age(time: OffsetDateTime) -> Duration {
    let age = OffsetDateTime::now_utc() - time;
    Duration::try_from(age).unwrap_or_default()
}
