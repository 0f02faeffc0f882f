//! A server restored from a backup and the archive, beside the cluster, for as long as it is kept.

use std::fs;
use std::path::Path;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::time::{Instant, sleep};

use super::store::{Store, written};
use super::{Backup, Backups};
use crate::patroni::same_everywhere;
use crate::postgres::binaries::Binaries;
use crate::postgres::psql::Psql;
use crate::process::LOOK;
use crate::tls::Tls;
use crate::{Error, Folder, Launch, Process, free_port};

/// How long a server may take to replay the log. A day of it is replayed in minutes.
const LIMIT: Duration = Duration::from_hours(6);
/// How long what was killed may write on.
const GONE: Duration = Duration::from_secs(15);
/// A moment as Postgres reads it.
const MOMENT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]+00");

/// Until when the log is replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// All that was committed by then.
    Time(OffsetDateTime),
    /// A restore point of this name.
    Point(String),
}

/// A restored server. It can be read, and takes no writes until it is promoted. Dropped, it is ended and removed.
#[derive(Debug)]
pub struct Restored {
    process: Option<Process>,
    folder: Option<Folder>,
    backup: Backup,
    psql: Psql,
    /// What it took from the beginning until it answered.
    took: Duration,
}

impl Backups<'_> {
    /// Restores the newest backup that reaches `until` into a server of its own, and replays the log until then.
    ///
    /// # Errors
    /// When no backup is old enough, something is missing from the repository, or the log does not reach that far.
    pub async fn restore(&self, until: &Until) -> Result<Restored, Error> {
        let began = Instant::now();
        let backup = self.reaching(until).await?;
        let folder = Folder::scratch_inside(self.cluster.folder(), "restored-")?;
        let store = self.store;
        store
            .account
            .map_or(Ok(()), |account| account.own(folder.path()))?;
        let (data, port) = (folder.path().join("data"), free_port()?);
        let config = store.configure(&data, port)?;
        let (binaries, log) = (Binaries::find()?, folder.path().join("log"));
        let psql = Psql::at(&binaries, store.passwords.clone(), port).over(store.tls.clone());
        let args = args(&backup, until);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // From here on whatever is broken off takes the folder along.
        let mut restored = Restored {
            process: None,
            folder: Some(folder),
            backup,
            psql,
            took: Duration::ZERO,
        };
        store.tool.run(&config, &args).await?;
        self.set_up(&data, port)?;
        let mut launch = Launch::new(binaries.path("postgres"), log)
            .inside("/")
            .env("LC_ALL", "C")
            .args(["-D".to_owned(), data.display().to_string()]);
        launch.account = store.account;
        restored.process = Some(Process::start("the restored server", launch)?);
        restored.replayed().await?;
        restored.took = began.elapsed();
        Ok(restored)
    }

    /// The newest backup that was over before `until`.
    async fn reaching(&self, until: &Until) -> Result<Backup, Error> {
        let mut all = self.list().await?;
        if let Until::Time(time) = until {
            // Its seconds are cut off.
            let over = |backup: &Backup| backup.ended + Duration::from_secs(1) <= *time;
            let oldest = all.first().map(|backup| backup.ended);
            all.retain(over);
            if let (Some(oldest), true) = (oldest, all.is_empty()) {
                let said =
                    format!("nothing before the oldest backup, of {oldest}, can be restored");
                return Err(Error::asked("backups", &said));
            }
        }
        let none = || Error::asked("backups", &"there is none; `holdfast backup` takes one");
        all.pop().ok_or_else(none)
    }

    /// Has the server on `data` be like those of the cluster, and not be one of them: Patroni's own settings came along.
    fn set_up(&self, data: &Path, port: u16) -> Result<(), Error> {
        let Store { account, tls, .. } = self.store;
        let (host, method) = (
            if tls.is_some() { "hostssl" } else { "host" },
            if self.store.passwords.is_some() {
                "scram-sha-256"
            } else {
                "trust"
            },
        );
        let access = format!("{host} all all 127.0.0.1/32 {method}\n");
        written(&data.join("pg_hba.conf"), &access, 0o600, *account)?;
        let text = settings(self.cluster.options(), tls.as_ref(), port);
        written(&data.join("postgresql.conf"), &text, 0o600, *account)
    }
}

/// What pgBackRest is asked for. It writes into `postgresql.auto.conf` where the log is and how far it is to be replayed.
fn args(backup: &Backup, until: &Until) -> Vec<String> {
    let (kind, target) = match until {
        Until::Time(time) => {
            let utc = time.to_offset(time::UtcOffset::UTC);
            ("time", utc.format(MOMENT).unwrap_or_default())
        }
        Until::Point(name) => ("name", name.clone()),
    };
    vec![
        format!("--set={}", backup.label),
        format!("--type={kind}"),
        format!("--target={target}"),
        "--target-action=pause".to_owned(),
        // On the way of those who were promoted since.
        "--target-timeline=latest".to_owned(),
        "--archive-mode=off".to_owned(),
        // A thousand files, each synced to the disk: side by side that takes a quarter of the time.
        "--process-max=8".to_owned(),
        "restore".to_owned(),
    ]
}

fn settings(options: &crate::Options, tls: Option<&Tls>, port: u16) -> String {
    let mut all: Vec<(String, String)> = same_everywhere(options);
    let mut add = |name: &str, value: String| all.push((name.to_owned(), value));
    add("listen_addresses", "127.0.0.1".to_owned());
    add("port", port.to_string());
    // Lost with the machine, it is restored again.
    add("fsync", "off".to_owned());
    // What replays cannot be read yet; a question must not hold that up for long.
    add("max_standby_archive_delay", "0".to_owned());
    if let Some(tls) = tls {
        add("ssl", "on".to_owned());
        add("ssl_min_protocol_version", "TLSv1.3".to_owned());
        add("ssl_cert_file", tls.certificate.display().to_string());
        add("ssl_key_file", tls.key.display().to_string());
    }
    let line = |(name, value): (String, String)| {
        let value = value.replace('\'', "''");
        format!("{name} = '{value}'\n")
    };
    all.into_iter().map(line).collect()
}

impl Restored {
    /// Which backup it was restored from.
    pub fn backup(&self) -> &Backup {
        &self.backup
    }

    /// How long it took from the beginning of the restore until it answered.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// The URL by which the superuser reaches `database` with libpq's programs. The password is in a file that it names.
    pub fn url(&self, database: &str) -> String {
        self.psql.url_by_file(database)
    }

    /// The URL by which the superuser reaches `database` with any client, password included.
    pub fn login(&self, database: &str) -> String {
        self.psql.url(database)
    }

    /// Runs `sql` in `database` as the superuser; answers its rows, unaligned.
    ///
    /// # Errors
    /// When it is not reachable or refuses it.
    pub async fn run(&self, database: &str, sql: &str) -> Result<String, Error> {
        self.psql.run(database, sql).await
    }

    /// Has it take writes.
    ///
    /// # Errors
    /// When it is not reachable, or takes longer than a minute.
    pub async fn promote(&self) -> Result<(), Error> {
        self.run("postgres", "select pg_promote()").await.map(drop)
    }

    /// Ends it and removes it.
    pub async fn remove(mut self) {
        vanish(self.process.take(), self.folder.take()).await;
    }

    /// Waits until it has replayed all that it is to, and can be read.
    async fn replayed(&self) -> Result<(), Error> {
        let end = Instant::now() + LIMIT;
        let asked = "select pg_get_wal_replay_pause_state()";
        loop {
            if self
                .run("postgres", asked)
                .await
                .is_ok_and(|said| said == "paused")
            {
                return Ok(());
            }
            let Some(process) = &self.process else {
                return Ok(());
            };
            if !process.alive() {
                return Err(cut_short(process));
            }
            if Instant::now() > end {
                return Err(process.late(LIMIT));
            }
            sleep(LOOK * 5).await;
        }
    }
}

/// Says why it has ended before it had replayed all.
fn cut_short(process: &Process) -> Error {
    let log = fs::read_to_string(process.log()).unwrap_or_default();
    let last = log.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once("restored log file \"")?;
        rest.split('"').next()
    });
    let missing = "recovery ended before configured recovery target was reached";
    let said = match last {
        Some(last) if log.contains(missing) => format!(
            "the archive ends before that moment: what comes after {last} is missing from it, or was never there"
        ),
        _ => process.said(),
    };
    let program = "the restored server".to_owned();
    Error::Ended { program, said }
}

/// Ends `process`, and removes its folder when nobody writes into it any more.
async fn vanish(process: Option<Process>, folder: Option<Folder>) {
    if let Some(process) = &process {
        process.kill().await;
    }
    let Some(folder) = folder else { return };
    // A pgBackRest that was killed has helpers, which find out a moment later.
    let end = Instant::now() + GONE;
    while folder.path().exists() && Instant::now() < end {
        if let Err(error) = fs::remove_dir_all(folder.path()) {
            tracing::debug!(%error, "somebody still writes into it");
            sleep(LOOK).await;
        }
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        let (process, folder) = (self.process.take(), self.folder.take());
        if folder.is_none() {
            return;
        }
        // Without a runtime this process is about to end, and the watchdog sees to the rest.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(vanish(process, folder));
        }
    }
}
