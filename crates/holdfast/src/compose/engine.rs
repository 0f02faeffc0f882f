//! What is asked of the engine: by its own command line, so that it may be any.

use std::io;
use std::process::{Output, Stdio};

use anyhow::{Context as _, ensure};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::process::Command;

/// A container, as it was when it was asked for.
#[derive(Debug, Clone)]
pub struct Container {
    /// What the engine calls it.
    pub id: String,
    /// Its service, and which of several it is: `order-2`.
    pub name: String,
    /// All that the engine tells of it.
    pub told: Value,
}

/// Runs `words`, and answers what it printed.
///
/// # Errors
/// When it cannot be run, or fails.
pub async fn run(words: &[&str]) -> anyhow::Result<String> {
    let output = attempt(words).await?;
    succeeded(words, &output)
}

/// Runs `words`, however they end.
///
/// # Errors
/// When they cannot be run.
pub async fn attempt(words: &[&str]) -> io::Result<Output> {
    let (program, args) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    ended(Command::new(program).args(args)).await
}

/// What was printed by `words`, which have ended well.
pub(super) fn succeeded(words: &[&str], output: &Output) -> anyhow::Result<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{words:?}: {}", said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `command` to its end. A Ctrl-C at the terminal is ours, not its; where it is waited for no more, all of it ends.
pub(super) async fn ended(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::null()).process_group(0);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut group = Group(child.id());
    let output = child.wait_with_output().await;
    group.0 = None;
    output
}

/// The processes of a command: `docker compose` is another program than `docker`, and would go on without it.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            // It may have ended just now.
            let _ = killpg(Pid::from_raw(id.cast_signed()), Signal::SIGKILL);
        }
    }
}

/// All containers of `project`, those that have ended too.
///
/// # Errors
/// When the engine does not answer.
pub async fn containers(project: &str) -> anyhow::Result<Vec<Container>> {
    let label = format!("label=com.docker.compose.project={project}");
    let ids = run(&["docker", "ps", "-aq", "--filter", &label]).await?;
    let ids: Vec<&str> = ids.split_whitespace().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let told = run(&[&["docker", "inspect"], &ids[..]].concat()).await?;
    let told: Vec<Value> = serde_json::from_str(&told)?;
    let read = |told| Container::of(told).context("a container that is of no service");
    told.into_iter().map(read).collect()
}

impl Container {
    fn of(told: Value) -> Option<Self> {
        let labels = &told["Config"]["Labels"];
        let service = labels["com.docker.compose.service"].as_str()?;
        let number = labels["com.docker.compose.container-number"].as_str()?;
        // Whoever is one of a kind has its number in its name already.
        let alone = service.ends_with(|last: char| last.is_ascii_digit());
        let name = if alone {
            service.to_owned()
        } else {
            format!("{service}-{number}")
        };
        Some(Self {
            id: told["Id"].as_str()?.to_owned(),
            name,
            told,
        })
    }

    /// Whether it is there to end, and did so well.
    pub fn is_done(&self) -> bool {
        let state = &self.told["State"];
        self.is_job() && state["Status"] == "exited" && state["ExitCode"] == 0
    }

    /// Whether it is there to end.
    pub fn is_job(&self) -> bool {
        self.told["HostConfig"]["RestartPolicy"]["Name"] == "on-failure"
    }

    /// Whether it runs and says that it is well.
    pub fn is_well(&self) -> bool {
        let state = &self.told["State"];
        state["Status"] == "running" && state["Health"]["Status"] == "healthy"
    }

    /// The process that it is.
    ///
    /// # Errors
    /// When it is none.
    pub fn pid(&self) -> anyhow::Result<i32> {
        let pid = self.told["State"]["Pid"].as_i64().filter(|pid| *pid > 0);
        Ok(i32::try_from(pid.context("a container that runs")?)?)
    }

    /// Kills its process as a crash does. The engine takes a `docker kill` for a wish, and would not start it again.
    ///
    /// # Errors
    /// When it does not run.
    pub fn crash(&self) -> anyhow::Result<()> {
        Ok(kill(Pid::from_raw(self.pid()?), Signal::SIGKILL)?)
    }

    /// Takes it off `network`: its cable there is pulled.
    ///
    /// # Errors
    /// When it is not on it.
    pub async fn leave(&self, network: &str) -> anyhow::Result<()> {
        let leave = ["docker", "network", "disconnect", network, &self.id];
        run(&leave).await.map(drop)
    }

    /// Puts it back onto `network`, under the names that it had, and the address where that was one to stay: any other may have
    /// become another's.
    ///
    /// # Errors
    /// When it is on it, or its address is another's.
    pub async fn join(&self, network: &str) -> anyhow::Result<()> {
        let was = &self.told["NetworkSettings"]["Networks"][network];
        self.join_at(network, was["IPAMConfig"]["IPv4Address"].as_str())
            .await
    }

    /// Puts it back onto `network`, at this address.
    ///
    /// # Errors
    /// As [`Self::join`].
    pub async fn join_at(&self, network: &str, address: Option<&str>) -> anyhow::Result<()> {
        let was = &self.told["NetworkSettings"]["Networks"][network];
        let address = address.map(|address| ["--ip", address]);
        let names = was["Aliases"].as_array().into_iter().flatten();
        let names = names.filter_map(|name| Some(["--alias", name.as_str()?]));
        let words: Vec<&str> = address.into_iter().chain(names).flatten().collect();
        let join = ["docker", "network", "connect"];
        run(&[&join[..], &words, &[network, &self.id]].concat())
            .await
            .map(drop)
    }

    /// The networks that it stands on.
    pub fn networks(&self) -> Vec<&str> {
        let networks = self.told["NetworkSettings"]["Networks"].as_object();
        let names = networks.into_iter().flatten();
        names.map(|(name, _)| name.as_str()).collect()
    }

    /// Its address in `network`.
    pub fn address(&self, network: &str) -> Option<&str> {
        let one = &self.told["NetworkSettings"]["Networks"][network];
        one["IPAddress"].as_str().filter(|text| !text.is_empty())
    }

    /// Its address in each network.
    pub fn addresses(&self) -> Vec<String> {
        let networks = self.networks().into_iter();
        networks
            .filter_map(|network| self.address(network).map(str::to_owned))
            .collect()
    }
}
