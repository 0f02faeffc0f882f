//! One of the three that watch over the primary.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use super::config::{self, NAME};
use super::door::Door;
use super::talk::ask;
use crate::process::LOOK;
use crate::{Error, Process};

/// How long one that was started again may take until it sees a quorum.
const BACK: Duration = Duration::from_secs(10);

/// A Sentinel. What it knows stands in its file, so it goes on where it was when it is started again.
#[derive(Debug)]
pub struct Sentinel {
    port: u16,
    door: Arc<Door>,
    process: Arc<Process>,
}

/// What a Sentinel sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Where the primary is.
    pub primary: u16,
    /// Whether it misses the primary.
    pub missed: bool,
    /// How many replicas follow.
    pub replicas: usize,
    /// How many other Sentinels it knows.
    pub others: usize,
}

impl Sentinel {
    /// Starts the one called `name`, which is told of the primary at `primary`.
    pub(super) fn start(
        name: &str,
        folder: &Path,
        door: Arc<Door>,
        port: u16,
        primary: u16,
    ) -> Result<Self, Error> {
        let text = config::sentinel(folder, &door, port, primary);
        let launch = config::launch(&config::write(folder, name, &text)?, true)?;
        let process = Arc::new(Process::start(name, launch)?);
        Ok(Self {
            port,
            door,
            process,
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.process.name()
    }

    /// Where it answers.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// What it sees; nothing, if it does not answer.
    pub async fn view(&self) -> Option<View> {
        type Told = HashMap<String, String>;
        let primary: Told = ask(&self.door, self.port, &["SENTINEL", "MASTER", NAME]).await?;
        let replicas: Vec<Told> =
            ask(&self.door, self.port, &["SENTINEL", "REPLICAS", NAME]).await?;
        let follows = |one: &&Told| {
            let said = |name: &str| one.get(name).map(String::as_str);
            (said("flags"), said("master-link-status")) == (Some("slave"), Some("ok"))
        };
        Some(View {
            primary: primary.get("port")?.parse().ok()?,
            missed: primary.get("flags")? != "master",
            replicas: replicas.iter().filter(follows).count(),
            others: primary.get("num-other-sentinels")?.parse().ok()?,
        })
    }

    /// Ends it in order and starts it again, and returns when it sees what it saw before: a Sentinel reads its certificate
    /// only then. Where there is no quorum to go on without it, nothing is done.
    ///
    /// # Errors
    /// When nothing was done, or it does not come back.
    pub(super) async fn begin_anew(&self) -> Result<(), Error> {
        if !self.has_quorum().await {
            return Err(Error::asked(self.name(), &"it sees no quorum"));
        }
        self.process.hold();
        self.process.stop(Signal::SIGTERM).await;
        let started = self.process.start_again();
        self.process.let_go();
        started?;
        let end = Instant::now() + BACK;
        while !self.has_quorum().await {
            if Instant::now() > end {
                return Err(self.process.late(BACK));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Whether enough Sentinels are there, as far as it sees, to replace a lost primary.
    pub async fn has_quorum(&self) -> bool {
        let said: Option<String> =
            ask(&self.door, self.port, &["SENTINEL", "CKQUORUM", NAME]).await;
        said.is_some()
    }
}
