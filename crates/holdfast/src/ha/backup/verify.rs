//! Restores the newest backup and compares it with the shop: only then does it count.

use std::time::Duration;

use anyhow::bail;
use stack::{PUSHED_AFTER, Restored, Until};
use time::OffsetDateTime;

use super::facts::{Tables, differences, of_restored};
use super::{Moment, Turn, Verified, shown};
use crate::ha::Shop;

impl Shop {
    /// Restores the newest backup and the archive to a moment of now into a server of its own, compares each row with the
    /// shop's, and says what a loss would have cost.
    ///
    /// # Errors
    /// When there is no backup, it cannot be restored, the copy is not what the shop was, or another supervisor has the turn.
    pub async fn verify_backup(&self) -> anyhow::Result<String> {
        let turn = self.desk.turns.take().await?;
        self.verify_newest(&turn).await
    }

    /// Verifies it in this turn.
    pub(super) async fn verify_newest(&self, _: &Turn<'_>) -> anyhow::Result<String> {
        let done = self.verify().await;
        if let Err(error) = &done {
            let wrong = Some(format!("{error:#}"));
            self.note(String::new(), wrong, Duration::ZERO, Duration::ZERO)?;
        }
        self.list_for_control().await;
        done
    }

    async fn verify(&self) -> anyhow::Result<String> {
        let backups = self.backups()?;
        let (began, safe) = (OffsetDateTime::now_utc(), backups.safe_until().await?);
        let moment = Moment::hold(&self.cluster).await?;
        let (point, kept_out) = (moment.point.clone(), moment.kept_out);
        let flush = async { anyhow::Ok(backups.flush().await?) };
        let (source, ()) = tokio::try_join!(moment.read(), flush)?;
        let restored = backups.restore(&Until::Point(point)).await?;
        let rpo = safe.and_then(|safe| Duration::try_from(began - safe).ok());
        let compared = compare(&source, &restored).await;
        let (label, rto) = (restored.backup().label.clone(), restored.took());
        restored.remove().await;
        let until = compared?;
        self.note(label.clone(), None, rpo.unwrap_or_default(), rto)?;
        let loss = rpo.map_or_else(
            || "RPO not known: nothing is archived yet".to_owned(),
            |rpo| format!("RPO {:.1} s: had all nodes been lost when this began, what was committed in the last {:.1} s would be gone",
                rpo.as_secs_f64(), rpo.as_secs_f64()),
        );
        Ok(format!(
            "The backup {label} counts: restored to {until}, and the same as the shop was then
{}
{loss}; a file of the log is archived when it is full, or after {} s
RTO {:.1} s: from the beginning of the restore until the first question was answered
Writers were kept out for {} ms, to have one moment to compare",
            counted(&source),
            PUSHED_AFTER.as_secs(),
            rto.as_secs_f64(),
            kept_out.as_millis(),
        ))
    }

    fn note(
        &self,
        backup: String,
        wrong: Option<String>,
        rpo: Duration,
        rto: Duration,
    ) -> anyhow::Result<()> {
        let at = OffsetDateTime::now_utc();
        let note = Verified {
            at,
            backup,
            wrong,
            rpo,
            rto,
        };
        note.write(self.backups()?.folder())
    }
}

/// Compares the restored copy with what the shop held; answers until when it has all.
async fn compare(source: &Tables, restored: &Restored) -> anyhow::Result<String> {
    let copy = of_restored(restored).await?;
    let wrong = differences(source, &copy);
    if !wrong.is_empty() {
        bail!(
            "the backup {} does not count: restored, it is not what the shop was:\n  {}",
            restored.backup().label,
            wrong.join("\n  ")
        );
    }
    let last = "select extract(epoch from pg_last_xact_replay_timestamp())";
    let last = restored.run("postgres", last).await?;
    // Nothing was committed since the backup.
    if last.is_empty() {
        return Ok(shown(restored.backup().ended));
    }
    let last = time::Duration::seconds_f64(last.parse()?);
    Ok(shown(OffsetDateTime::UNIX_EPOCH + last))
}

/// How many rows were compared, database by database.
fn counted(tables: &Tables) -> String {
    let mut databases: Vec<(&str, usize, i64)> = Vec::new();
    for (name, facts) in tables {
        let database = name.split(": ").next().unwrap_or_default();
        match databases.last_mut() {
            Some((last, tables, rows)) if *last == database => {
                *tables += 1;
                *rows += facts.rows;
            }
            _ => databases.push((database, 1, facts.rows)),
        }
    }
    let line = |(name, tables, rows): &(&str, usize, i64)| {
        format!("  {name:<6} {tables:>3} tables {rows:>9} rows: count and sum of each are the same")
    };
    let lines: Vec<String> = databases.iter().map(line).collect();
    lines.join("\n")
}
