//! HAProxy: ports that stay, whoever leads or serves behind them.

mod config;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::account::Account;
use crate::process::LOOK;
use crate::{Error, Launch, Process, program};

/// How long it may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The ports of one HAProxy.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) name: String,
    pub(crate) primary: u16,
    pub(crate) replicas: u16,
    pub(crate) admin: u16,
}

/// A database node as HAProxy sees it.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pub(crate) name: String,
    pub(crate) postgres: u16,
    pub(crate) rest: u16,
}

/// A port in front of several instances of one HTTP service.
#[derive(Debug, Clone)]
pub struct Front {
    /// Where clients come.
    pub port: u16,
    /// Each instance: its name, where it takes requests, and where it says that it is ready.
    pub instances: Vec<(String, SocketAddr, SocketAddr)>,
}

/// One HAProxy: a port that leads to the primary, one that spreads over the replicas, one in front of a service.
#[derive(Debug)]
pub struct HaProxy {
    seat: Seat,
    backends: Vec<Backend>,
    file: PathBuf,
    account: Option<Account>,
    process: Arc<Process>,
}

impl HaProxy {
    /// Starts the one at `seat` before `backends`, its files in `folder`.
    pub(crate) fn start(
        seat: Seat,
        backends: Vec<Backend>,
        folder: &Path,
        account: Option<Account>,
    ) -> Result<Self, Error> {
        let hint = "apt-get install haproxy";
        let program = program::find("haproxy", hint)?;
        let file = folder.join(format!("{}.cfg", seat.name));
        write(&file, &config::text(&seat, &backends, None), account)?;
        // Its master starts a new worker when it is told to read the file again, and the old one serves to the end.
        let mut launch = Launch::new(program, file.with_extension("log"))
            .inside("/")
            .args(["-W", "-db", "-f", &file.display().to_string()]);
        launch.account = account;
        let process = Arc::new(Process::start(&seat.name, launch)?);
        Ok(Self {
            seat,
            backends,
            file,
            account,
            process,
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.seat.name
    }

    /// The port that always leads to the primary.
    pub fn primary(&self) -> u16 {
        self.seat.primary
    }

    /// The port that spreads over the replicas.
    pub fn replicas(&self) -> u16 {
        self.seat.replicas
    }

    /// The port of its admin page.
    pub fn admin(&self) -> u16 {
        self.seat.admin
    }

    /// Its process.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Opens a front, or changes it, without breaking a connection; returns when it takes connections.
    ///
    /// # Errors
    /// When its file cannot be written, or it does not come up again.
    pub async fn open(&self, front: &Front) -> Result<(), Error> {
        let text = config::text(&self.seat, &self.backends, Some(front));
        write(&self.file, &text, self.account)?;
        self.process.send(Signal::SIGUSR2);
        self.listens(front.port).await
    }

    /// Waits until it takes connections.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        self.listens(self.seat.primary).await
    }

    async fn listens(&self, port: u16) -> Result<(), Error> {
        let end = Instant::now() + LIMIT;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if !self.process.alive() || Instant::now() > end {
                return Err(self.process.late(LIMIT));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Ends it; what it carries breaks.
    pub async fn stop(&self) {
        self.process.stop(Signal::SIGTERM).await;
    }
}

fn write(file: &Path, text: &str, account: Option<Account>) -> Result<(), Error> {
    fs::write(file, text).map_err(Error::files(file))?;
    account.map_or(Ok(()), |account| account.own(file))
}
