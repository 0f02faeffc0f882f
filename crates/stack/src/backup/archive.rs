//! The archive of the log: how far it is, and waiting for it.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use super::Backups;
use crate::process::LOOK;
use crate::{Error, Node};

/// How long the archive may take to hold what it is waited for.
const LIMIT: Duration = Duration::from_mins(2);

/// How far the archive of the log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// How many finished files of the log are not in it yet.
    pub waiting: u64,
    /// For how long the oldest of them has been waiting.
    pub waited: Duration,
    /// Whether the last try has failed.
    pub failing: bool,
}

impl Archive {
    /// Reads `waiting|seconds|failing`.
    fn read(row: &str) -> Option<Self> {
        let mut words = row.split('|');
        let waiting = words.next()?.parse().ok()?;
        let waited = Duration::try_from_secs_f64(words.next()?.parse().ok()?).ok()?;
        let failing = words.next()? == "t";
        Some(Self {
            waiting,
            waited,
            failing,
        })
    }
}

impl Backups<'_> {
    /// How far the archive is, by the word of the node that leads.
    ///
    /// # Errors
    /// When nobody leads, or it does not answer.
    pub async fn archive(&self) -> Result<Archive, Error> {
        let leader = self.cluster.leader().await?;
        let ask = "select count(*), greatest(0, coalesce(extract(epoch from clock_timestamp() - min(modification)), 0)),
                (select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) from pg_stat_archiver)
            from pg_ls_archive_statusdir() where name like '%.ready'";
        let row = leader.run("postgres", ask).await?;
        Archive::read(&row).ok_or_else(|| Error::asked(leader.name(), &row))
    }

    /// Of when the last commit is that would not be lost if all nodes were.
    ///
    /// # Errors
    /// When nobody leads, or the repository cannot be read.
    pub async fn safe_until(&self) -> Result<Option<OffsetDateTime>, Error> {
        let leader = self.cluster.leader().await?;
        if let Some(newest) = self.newest_archived().await?
            && let Some(commit) = self
                .store
                .last_commit(&leader.data().join("pg_wal").join(newest))
                .await?
        {
            return Ok(Some(commit));
        }
        // None in that file: then all until it was archived.
        let ask = "select coalesce(extract(epoch from last_archived_time)::text, '') from pg_stat_archiver";
        let seconds: Option<f64> = leader.run("postgres", ask).await?.parse().ok();
        Ok(
            seconds
                .map(|seconds| OffsetDateTime::UNIX_EPOCH + time::Duration::seconds_f64(seconds)),
        )
    }

    /// Waits until all that is committed by now is in the archive.
    ///
    /// # Errors
    /// When nobody leads, or the archive does not take it within two minutes.
    pub async fn flush(&self) -> Result<(), Error> {
        let leader = self.cluster.leader().await?;
        // A restore to a moment ends at the first commit after it, so there has to be one.
        let message = "select pg_logical_emit_message(true, 'holdfast', 'flush')";
        let psql = leader.psql().clone().hasty();
        psql.run("postgres", message).await?;
        let file = "select pg_walfile_name(pg_switch_wal())";
        let file = leader.run("postgres", file).await?;
        let end = Instant::now() + LIMIT;
        while !archived(leader, &file).await? {
            if Instant::now() > end {
                let said = format!(
                    "{file} is not in it; what failed is in {}",
                    leader.process().log().display()
                );
                let (program, seconds) = ("the archive of the log".to_owned(), LIMIT.as_secs());
                return Err(Error::Late {
                    program,
                    seconds,
                    said,
                });
            }
            sleep(LOOK * 10).await;
        }
        Ok(())
    }
}

/// Whether `file` is in the archive: what is waiting for it is noted beside the log, the oldest first.
async fn archived(leader: &Node, file: &str) -> Result<bool, Error> {
    let ask = format!(
        "select not exists (select from pg_ls_archive_statusdir() where name = '{file}.ready')"
    );
    Ok(leader.run("postgres", &ask).await? == "t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_its_archive_is_read() {
        let read = Archive::read("3|12.5|t").unwrap();

        assert_eq!((read.waiting, read.failing), (3, true));
        assert_eq!(read.waited, Duration::from_millis(12_500));
        assert_eq!(Archive::read("nonsense"), None);
    }
}
