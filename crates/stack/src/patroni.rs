//! Patroni: one database node, that is a Patroni and the Postgres that it keeps.

mod api;
mod config;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

pub(crate) use self::api::Api;
pub(crate) use self::config::{Seat, leader_key, same_everywhere};
pub use self::config::{Timings, agreed};
use crate::backup::Store;
use crate::postgres::Options;
use crate::postgres::binaries::Binaries;
use crate::postgres::passwords::Passwords;
use crate::postgres::psql::Psql;
use crate::process::LOOK;
use crate::{Error, Launch, Process, Tls, account::Account, program, tree, watchdog};

/// How long what was killed may take to be gone.
const GONE: Duration = Duration::from_secs(15);

/// A part of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Postgres alone, all its connections included.
    Postgres,
    /// Patroni alone.
    Patroni,
    /// Both: the whole node.
    Node,
}

/// One database node: a Patroni and its Postgres.
#[derive(Debug)]
pub struct Node {
    seat: Seat,
    data: PathBuf,
    api: Api,
    etcd: Vec<u16>,
    /// Something that is agreed on already.
    unchanged: Value,
    psql: Psql,
    process: Arc<Process>,
}

/// What every node of a cluster has in common.
pub(crate) struct Ground<'a> {
    pub(crate) options: &'a Options,
    pub(crate) timings: Timings,
    pub(crate) binaries: Binaries,
    pub(crate) passwords: Option<Passwords>,
    pub(crate) account: Option<Account>,
    pub(crate) tls: Option<Tls>,
    pub(crate) backups: Option<&'a Store>,
    /// Where etcd answers.
    pub(crate) etcd: Vec<u16>,
}

impl Node {
    /// Starts the node at `seat`. Patroni makes its data, as the first of a cluster or as a copy.
    pub(crate) fn start(seat: Seat, ground: &Ground<'_>) -> Result<Self, Error> {
        let program = program::find("patroni", "apt-get install patroni")?;
        let folder = ground.options.folder.path();
        let data = folder.join(&seat.name);
        let file = config::write(&seat, ground, &data)?;
        let mut launch = Launch::new(program, data.with_extension("log"))
            .inside("/")
            .env("LC_ALL", "C.UTF-8")
            .args([file.display().to_string()]);
        launch.account = ground.account;
        watchdog::clear_at_end(&data);
        Ok(Self {
            api: Api::at(&seat.name, seat.rest, ground.passwords.as_ref()),
            etcd: ground.etcd.clone(),
            unchanged: json!({"loop_wait": ground.timings.loop_wait}),
            psql: Psql::at(&ground.binaries, ground.passwords.clone(), seat.postgres)
                .over(ground.tls.clone()),
            process: Arc::new(Process::start(&seat.name, launch)?),
            seat,
            data,
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.seat.name
    }

    /// Where its Postgres listens, whatever its role.
    pub fn port(&self) -> u16 {
        self.seat.postgres
    }

    /// Where its Patroni answers over HTTP, by the wire where there is one.
    pub fn shown_rest(&self) -> u16 {
        self.seat.shown_rest
    }

    /// Patroni.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// The process that accepts the connections of its Postgres, while it runs.
    pub fn postmaster(&self) -> Option<u32> {
        self.raw_postmaster()
            .and_then(|pid| u32::try_from(pid.as_raw()).ok())
    }

    /// Where its data is.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Runs `sql` in `database` on this very node as the superuser; answers its rows, unaligned.
    ///
    /// # Errors
    /// When it is not reachable or refuses it.
    pub async fn run(&self, database: &str, sql: &str) -> Result<String, Error> {
        self.psql.run(database, sql).await
    }

    pub(crate) fn psql(&self) -> &Psql {
        &self.psql
    }

    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Freezes `part` of it: connections stay open and nobody answers.
    pub fn pause(&self, part: Part) {
        self.signal(part, Signal::SIGSTOP);
    }

    /// Lets `part` of it go on.
    pub fn resume(&self, part: Part) {
        self.signal(part, Signal::SIGCONT);
    }

    /// Kills `part` of it with no chance to clean up, and returns when that is gone.
    pub async fn kill(&self, part: Part) {
        let postmaster = (part != Part::Patroni)
            .then(|| self.raw_postmaster())
            .flatten();
        let below = postmaster.map(tree::below).unwrap_or_default();
        // Patroni first: it would do something about the other's end.
        if part != Part::Postgres {
            self.process.kill().await;
        }
        let Some(postmaster) = postmaster else { return };
        tree::signal(postmaster, Signal::SIGKILL);
        let end = Instant::now() + GONE;
        let left = || {
            below
                .iter()
                .chain([&postmaster])
                .any(|pid| tree::alive(*pid))
        };
        while left() && Instant::now() < end {
            sleep(LOOK).await;
        }
    }

    /// Ends its Postgres in order; Patroni finds it gone.
    pub(crate) fn end_postgres(&self) {
        if let Some(postmaster) = self.raw_postmaster() {
            // One that is gone already needs no signal.
            let _ = kill(postmaster, Signal::SIGINT);
        }
    }

    /// Ends it in order: Patroni ends its Postgres first.
    pub async fn stop(&self) {
        self.resume(Part::Node);
        self.process.stop(Signal::SIGTERM).await;
        self.kill(Part::Postgres).await;
    }

    fn signal(&self, part: Part, signal: Signal) {
        let postmaster = self.raw_postmaster();
        if part != Part::Postgres {
            match signal {
                Signal::SIGSTOP => self.process.pause(),
                _ => self.process.resume(),
            }
        }
        if let (true, Some(postmaster)) = (part != Part::Patroni, postmaster) {
            tree::signal(postmaster, signal);
        }
    }

    /// Reads it from the first line of the file in which a server notes its number.
    fn raw_postmaster(&self) -> Option<Pid> {
        let noted = fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        let pid = Pid::from_raw(noted.lines().next()?.parse().ok()?);
        (tree::alive(pid) && works_on(pid, &self.data)).then_some(pid)
    }
}

/// Whatever Patroni has started ends with the node.
impl Drop for Node {
    fn drop(&mut self) {
        self.process.end();
        if let Some(postmaster) = self.raw_postmaster() {
            tree::signal(postmaster, Signal::SIGKILL);
        }
    }
}

/// Whether `pid` is a server on `data`: its number may be somebody else's by now.
fn works_on(pid: Pid, data: &Path) -> bool {
    let Ok(args) = fs::read(format!("/proc/{pid}/cmdline")) else {
        return cfg!(not(target_os = "linux"));
    };
    let data = data.display().to_string();
    args.split(|byte| *byte == 0)
        .any(|arg| arg == data.as_bytes())
}
