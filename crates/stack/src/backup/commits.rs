//! When what stands in a file of the log was committed.

use std::path::Path;
use std::process::Stdio;

use time::OffsetDateTime;
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::process::Command;

use super::store::Store;
use crate::Error;
use crate::postgres::binaries::Binaries;

/// As the tool writes it, before ` UTC`.
const MOMENT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond]");

impl Store {
    /// When the last commit in `file` was; nothing, where it has none or is not there any more.
    pub(super) async fn last_commit(&self, file: &Path) -> Result<Option<OffsetDateTime>, Error> {
        let name = "pg_waldump";
        let mut command = Command::new(Binaries::find()?.path(name));
        command
            .args(["--quiet", "--rmgr=Transaction"])
            .arg(file)
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        // It ends with an error where a file is only half full, having told all that is in there.
        let output = command.output().await.map_err(Error::run(name))?;
        Ok(last(&String::from_utf8_lossy(&output.stdout)))
    }
}

fn last(told: &str) -> Option<OffsetDateTime> {
    told.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once("desc: COMMIT ")?;
        let moment = rest.split(" UTC").next()?;
        let moment = PrimitiveDateTime::parse(moment, MOMENT).ok()?;
        Some(moment.assume_utc())
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_last_of_several_commits_is_read() {
        let told = "rmgr: Transaction len: 66, tx: 722, lsn: 0/15, desc: COMMIT 2026-11-26 20:42:24.1 UTC; sync
rmgr: Transaction len: 66, tx: 723, lsn: 0/16, desc: COMMIT 2026-11-26 20:42:24.848255 UTC; inval msgs: snapshot 2396
rmgr: Transaction len: 66, tx: 724, lsn: 0/17, desc: ABORT 2026-11-26 20:42:25.0 UTC";

        assert_eq!(last(told), Some(datetime!(2026-11-26 20:42:24.848255 UTC)));
        assert_eq!(last(""), None);
    }
}
