//! One instance of a service, and what may be done to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chassis::{Env, Running};
use nix::sys::signal::Signal;
use stack::{Launch, Process, Wire, free_port};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::{Kind, Place};

/// How long an instance may take until it is ready.
const READY: Duration = Duration::from_mins(1);
/// How often we ask whether it is.
const LOOK: Duration = Duration::from_millis(20);

/// The setting that says where an instance takes requests.
const LISTEN: &str = "LISTEN";

/// One instance of a service. It keeps its address when it is started again.
#[derive(Debug)]
pub struct Seat {
    name: String,
    kind: Kind,
    env: Vec<(String, String)>,
    addr: SocketAddr,
    admin: SocketAddr,
    /// Before `addr` and before `admin`, where there are any.
    wires: Option<[Wire; 2]>,
    life: Life,
}

enum Life {
    Here(Box<Mutex<Option<Running>>>),
    Apart(Arc<Process>),
}

impl Seat {
    pub(super) async fn take(
        kind: Kind,
        name: String,
        env: Vec<(String, String)>,
        place: &Place,
        wired: bool,
    ) -> anyhow::Result<Self> {
        let (addr, admin) = (listen(&env)?, free()?);
        // Before it is started: it tells others where its wire begins.
        let laid = if wired {
            Some([Wire::like(addr).await?, Wire::like(admin).await?])
        } else {
            None
        };
        let shown = laid.as_ref().map_or(addr, |[wire, _]| wire.addr());
        let mut env = at(
            env,
            [
                (LISTEN, addr),
                ("ADMIN_LISTEN", admin),
                ("ADVERTISE", shown),
            ],
        );
        env.push(("INSTANCE".to_owned(), name.clone()));
        let life = match place {
            Place::Here => {
                let running = kind.start(Env::local(env.clone())).await?;
                Life::Here(Box::new(Mutex::new(Some(running))))
            }
            Place::Apart { program, logs } => {
                let log = logs.join(format!("{name}.log"));
                let launch = Launch::new(program, log).args(["run", kind.name()]);
                let launch = env
                    .iter()
                    .fold(launch, |launch, (name, value)| launch.env(name, value));
                Life::Apart(Arc::new(Process::start(&name, launch)?))
            }
        };
        Ok(Self {
            name,
            kind,
            env,
            addr,
            admin,
            wires: laid,
            life,
        })
    }

    /// What it is called: its kind and a number.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The settings that it was started with.
    pub fn env(&self) -> &[(String, String)] {
        &self.env
    }

    /// The wires before it; none, where there are none.
    pub fn wires(&self) -> &[Wire] {
        self.wires.as_ref().map_or(&[], |wires| wires)
    }

    /// Where others reach it.
    pub fn shown(&self) -> SocketAddr {
        self.wires
            .as_ref()
            .map_or(self.addr, |[wire, _]| wire.addr())
    }

    /// Where others ask for its health: cut off, it is not to be had there either.
    pub fn shown_admin(&self) -> SocketAddr {
        self.wires
            .as_ref()
            .map_or(self.admin, |[_, wire]| wire.addr())
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it takes requests.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where its health and metrics are, by no wire.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The process that it is, where it is one.
    pub fn process(&self) -> Option<&Arc<Process>> {
        match &self.life {
            Life::Here(_) => None,
            Life::Apart(process) => Some(process),
        }
    }

    /// Ends it in order: what it has begun is answered.
    pub async fn stop(&self) {
        match &self.life {
            Life::Here(running) => {
                if let Some(running) = running.lock().await.take() {
                    running.stop().await;
                }
            }
            Life::Apart(process) => process.stop(Signal::SIGTERM).await,
        }
    }

    /// Kills it with no chance to clean up.
    ///
    /// # Errors
    /// When it is no process of its own.
    pub async fn kill(&self) -> anyhow::Result<()> {
        let process = self
            .process()
            .context("only a process of its own can be killed")?;
        process.kill().await;
        Ok(())
    }

    /// Starts it again at the same address after it has ended, and returns when it is ready.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(&self) -> anyhow::Result<()> {
        match &self.life {
            Life::Here(running) => {
                let env = Env::local(self.env.clone());
                *running.lock().await = Some(self.kind.start(env).await?);
            }
            Life::Apart(process) => process.start_again()?,
        }
        self.ready().await
    }

    /// Waits until it says that it is ready.
    ///
    /// # Errors
    /// When it is not after a minute, or has ended.
    pub async fn ready(&self) -> anyhow::Result<()> {
        let end = Instant::now() + READY;
        while !self.says_ready().await {
            if let Some(process) = self.process().filter(|process| !process.alive()) {
                bail!("{} has ended: {}", self.kind.name(), process.said());
            }
            if Instant::now() > end {
                bail!(
                    "{} is not ready after {} s",
                    self.kind.name(),
                    READY.as_secs()
                );
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn says_ready(&self) -> bool {
        let answer = reqwest::get(format!("http://{}/readyz", self.admin)).await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Here(_) => "Here",
            Self::Apart(_) => "Apart",
        })
    }
}

/// The settings of an instance with these addresses.
fn at<const N: usize>(
    env: Vec<(String, String)>,
    own: [(&str, SocketAddr); N],
) -> Vec<(String, String)> {
    let own = own.map(|(name, addr)| (name.to_owned(), addr.to_string()));
    env.into_iter().chain(own).collect()
}

/// Where it is to take requests: there where its settings say, or at an address of its own.
fn listen(env: &[(String, String)]) -> anyhow::Result<SocketAddr> {
    match env.iter().rfind(|(name, _)| name == LISTEN) {
        Some((_, given)) => given.parse().with_context(|| format!("{LISTEN}={given}")),
        None => free(),
    }
}

pub(super) fn free() -> anyhow::Result<SocketAddr> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)))
}
