//! One Postgres server, primary or replica.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use super::binaries::Binaries;
use super::passwords::Passwords;
use super::psql::Psql;
use crate::process::LOOK;
use crate::{Error, Launch, Process};

/// How long a server may take until it lets clients in.
const LIMIT: Duration = Duration::from_mins(1);

/// How long a killed server may take to be gone.
const VACATED: Duration = Duration::from_secs(15);

/// One Postgres server, primary or replica.
#[derive(Debug)]
pub struct Server {
    pub(super) binaries: Binaries,
    pub(super) passwords: Option<Passwords>,
    process: Process,
    data: PathBuf,
    port: u16,
}

impl Server {
    /// Starts a server on `data` and returns when it lets clients in.
    pub(super) async fn start(
        binaries: &Binaries,
        passwords: Option<Passwords>,
        data: PathBuf,
        port: u16,
        launch: Launch,
    ) -> Result<Self, Error> {
        let name = format!(
            "postgres ({})",
            data.file_name().unwrap_or_default().display()
        );
        vacated(&data).await;
        let process = Process::start(name, launch)?;
        let server = Self {
            binaries: binaries.clone(),
            passwords,
            process,
            data,
            port,
        };
        server.ready().await?;
        Ok(server)
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process that accepts its connections, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Where a program of the same version of Postgres is, such as `pgbench`.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.binaries.path(name)
    }

    /// The URL by which `role` reaches `database` on this server.
    pub fn url(&self, role: &str, database: &str) -> String {
        let password = self
            .passwords
            .as_ref()
            .and_then(|passwords| passwords.of(role));
        let login = password.map_or(role.to_owned(), |password| format!("{role}:{password}"));
        format!("postgres://{login}@127.0.0.1:{}/{database}", self.port)
    }

    /// Freezes the server and every connection: they stay open and nobody answers.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Lets it go on where it was frozen.
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Kills the server and every connection with no chance to clean up.
    pub async fn kill(&self) {
        self.process.kill().await;
    }

    /// Whether it runs; a paused one does.
    pub fn alive(&self) -> bool {
        self.process.alive()
    }

    /// Starts it again on the same data and port, and returns when it lets clients in.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restart(&self) -> Result<(), Error> {
        if !self.alive() {
            vacated(&self.data).await;
        }
        self.process.start_again()?;
        self.ready().await
    }

    /// Ends it in order, breaking the connections that are left.
    pub async fn stop(&self) {
        self.process.stop(Signal::SIGINT).await;
    }

    /// Stops replaying what the primary sends: it is received and flushed, and nobody can read it.
    ///
    /// # Errors
    /// When this is not a replica, or it is not reachable.
    pub async fn pause_replay(&self) -> Result<(), Error> {
        self.run("postgres", "select pg_wal_replay_pause()").await?;
        let paused = "select pg_get_wal_replay_pause_state() = 'paused'";
        while self.run("postgres", paused).await? != "t" {
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Goes on replaying.
    ///
    /// # Errors
    /// As [`Self::pause_replay`].
    pub async fn resume_replay(&self) -> Result<(), Error> {
        self.run("postgres", "select pg_wal_replay_resume()")
            .await
            .map(drop)
    }

    /// Runs `sql` in `database` as the superuser, without waiting for the standby; answers its rows, unaligned.
    ///
    /// # Errors
    /// When the server is not reachable or refuses it.
    pub async fn run(&self, database: &str, sql: &str) -> Result<String, Error> {
        self.psql().run(database, sql).await
    }

    /// The way in as the superuser.
    pub(super) fn psql(&self) -> Psql {
        Psql::at(&self.binaries, self.passwords.clone(), self.port).hasty()
    }

    /// The end of what it logged.
    pub fn said(&self) -> String {
        self.process.said()
    }

    async fn ready(&self) -> Result<(), Error> {
        let end = Instant::now() + LIMIT;
        while !self.lets_clients_in() {
            let (program, said) = (self.process.name().to_owned(), || self.process.said());
            if !self.process.alive() {
                return Err(Error::Ended {
                    program,
                    said: said(),
                });
            }
            if Instant::now() > end {
                return Err(Error::Late {
                    program,
                    seconds: LIMIT.as_secs(),
                    said: said(),
                });
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Reads it from the file in which a server notes its number (first line) and state (eighth).
    fn lets_clients_in(&self) -> bool {
        let noted = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let lines: Vec<&str> = noted.lines().collect();
        let ours = self.process.pid().map(|pid| pid.to_string());
        lines.first().copied() == ours.as_deref()
            && lines.get(7).is_some_and(|state| state.trim() == "ready")
    }
}

/// Waits until the server is gone that was killed on `data` before, the last note of it included that the system keeps:
/// a new one would take it for a living one.
async fn vacated(data: &Path) {
    let noted = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let Some(pid) = noted
        .lines()
        .next()
        .and_then(|line| line.parse::<u32>().ok())
    else {
        return;
    };
    let end = Instant::now() + VACATED;
    let named = || fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    while named().trim() == "postgres" && Instant::now() < end {
        sleep(LOOK).await;
    }
}
