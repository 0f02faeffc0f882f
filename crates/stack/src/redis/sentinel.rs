//! One of the three that watch over the primary.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::config::{self, NAME};
use super::talk::ask;
use crate::{Error, Process};

/// A Sentinel. What it knows stands in its file, so it goes on where it was when it is started again.
#[derive(Debug)]
pub struct Sentinel {
    port: u16,
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
    pub(super) fn start(name: &str, folder: &Path, port: u16, primary: u16) -> Result<Self, Error> {
        let text = config::sentinel(folder, port, primary);
        let launch = config::launch(&config::write(folder, name, &text)?, true)?;
        let process = Arc::new(Process::start(name, launch)?);
        Ok(Self { port, process })
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
        let primary: Told = ask(self.port, &["SENTINEL", "MASTER", NAME]).await?;
        let replicas: Vec<Told> = ask(self.port, &["SENTINEL", "REPLICAS", NAME]).await?;
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

    /// Whether enough Sentinels are there, as far as it sees, to replace a lost primary.
    pub async fn has_quorum(&self) -> bool {
        let said: Option<String> = ask(self.port, &["SENTINEL", "CKQUORUM", NAME]).await;
        said.is_some()
    }
}
