//! A cache that outlives any one of its servers: a primary, a replica, and three Sentinels who agree on which is which.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{Client, RedisError};
use futures::future::join_all;
use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use super::door::Door;
use super::sentinel::Sentinel;
use super::server::{RedisServer, Seat, Standing};
use super::talk;
use crate::process::LOOK;
use crate::{Error, Folder, Process, Supervisor, Tls, Wire, free_port};

/// How long it may take until all are in step. A primary that was frozen is told after ten seconds that it leads no more.
const IN_STEP: Duration = Duration::from_mins(1);
/// How many Sentinels there are: a majority outlives the loss of one.
const THREE: usize = 3;

/// A primary, a replica, and three Sentinels, running. Dropped, all of them are killed.
#[derive(Debug)]
pub struct RedisHa {
    // First, so that it lets go of the others before they end.
    supervisor: Supervisor,
    servers: Vec<Arc<RedisServer>>,
    sentinels: Vec<Sentinel>,
    door: Arc<Door>,
    folder: Folder,
}

/// How [`RedisHa`] is to be run.
#[derive(Debug, Clone)]
pub struct RedisPlan {
    /// Whether what has ended is started again.
    pub supervised: bool,
    /// Whether there is a wire to each server, which can be cut and slowed.
    pub wired: bool,
    /// What all of them show, where they are to be reached over TLS and with a password only.
    pub tls: Option<Tls>,
}

impl RedisHa {
    /// Starts all of it, empty, and returns when the replica follows and each Sentinel sees all others: before that, none of
    /// them could replace a lost primary.
    ///
    /// # Errors
    /// When Redis is not installed, or something does not come up.
    pub async fn start(plan: RedisPlan) -> Result<Self, Error> {
        let folder = Folder::scratch()?;
        // A Sentinel writes its file anew, and then others may read it: it has the password in it.
        let own = fs::Permissions::from_mode(0o700);
        fs::set_permissions(folder.path(), own).map_err(Error::files(folder.path()))?;
        let door = Arc::new(Door::of(plan.tls, folder.path())?);
        let ports: Result<Vec<u16>, Error> = (0..THREE).map(|_| free_port()).collect();
        let ports: Arc<[u16]> = ports?.into();
        let (one, two) = (seat(1, plan.wired).await?, seat(2, plan.wired).await?);
        let shown = [one.shown(), two.shown()];
        let mut servers = Vec::new();
        for (seat, other, follows) in [(one, shown[1], false), (two, shown[0], true)] {
            let (ports, door) = (ports.clone(), door.clone());
            let started = RedisServer::start(seat, other, follows, ports, door, folder.path())?;
            servers.push(Arc::new(started));
        }
        let mut all = Self {
            supervisor: Supervisor::default(),
            servers,
            sentinels: Vec::new(),
            door,
            folder,
        };
        // A Sentinel asks the primary for its replicas once, and then every ten seconds.
        all.until(async |all| all.follow().await).await?;
        for (number, port) in (1..).zip(ports.iter()) {
            let name = format!("sentinel-{number}");
            let door = all.door.clone();
            let started = Sentinel::start(&name, all.folder.path(), door, *port, shown[0])?;
            all.sentinels.push(started);
        }
        all.in_step().await?;
        all.supervise(plan.supervised);
        Ok(all)
    }

    /// Where clients find it, as a URL: the Sentinels, and the name of the primary.
    pub fn url(&self) -> String {
        let sentinels = self.sentinels.iter().map(Sentinel::port);
        let sentinels: Vec<String> = sentinels.map(|port| format!("127.0.0.1:{port}")).collect();
        self.door.url(&sentinels.join(","))
    }

    /// Has all of them show their certificate as it is in the files by now, to whoever connects from here on: servers read
    /// it anew, Sentinels are started again one after the other. Connections to servers stay. Who does not answer reads it
    /// when it starts again.
    ///
    /// # Errors
    /// When a file cannot be copied.
    pub async fn renew_tls(&self) -> Result<(), Error> {
        let Some(words) = self.door.renewed()? else {
            return Ok(());
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for server in &self.servers {
            if server.told(&words).await.is_none() {
                let name = server.name();
                tracing::warn!(name, "it keeps its certificate until it starts again");
            }
        }
        for sentinel in &self.sentinels {
            if let Err(error) = sentinel.begin_anew().await {
                let name = sentinel.name();
                tracing::warn!(name, %error, "it keeps its certificate, or is not back yet");
            }
        }
        Ok(())
    }

    /// A client of the server or the Sentinel at `port`, whom it lets in.
    ///
    /// # Errors
    /// When the authority cannot be read.
    pub fn client(&self, port: u16) -> Result<Client, RedisError> {
        self.door.client(port)
    }

    /// Takes away all that is cached; says whether the server that leads has done so.
    pub async fn flush(&self) -> bool {
        match self.primary().await {
            Ok(primary) => primary.told(&["FLUSHALL"]).await.is_some(),
            Err(_) => false,
        }
    }

    /// Both servers.
    pub fn servers(&self) -> &[Arc<RedisServer>] {
        &self.servers
    }

    /// The Sentinels.
    pub fn sentinels(&self) -> &[Sentinel] {
        &self.sentinels
    }

    /// The server that most of the Sentinels name.
    ///
    /// # Errors
    /// When none of them answers.
    pub async fn primary(&self) -> Result<&Arc<RedisServer>, Error> {
        let ports: Vec<u16> = self.sentinels.iter().map(Sentinel::port).collect();
        let named = talk::named(&self.door, &ports).await;
        let found = self
            .servers
            .iter()
            .find(|server| Some(server.port()) == named);
        found.ok_or_else(|| Error::asked("the Sentinels", &"none of them names a primary"))
    }

    /// The process that is called `name`.
    pub fn process(&self, name: &str) -> Option<&Process> {
        self.processes().find(|process| process.name() == name)
    }

    /// The wire to the server that is called `name`.
    pub fn wire(&self, name: &str) -> Option<&Wire> {
        let found = self.servers.iter().find(|server| server.name() == name);
        found.and_then(|server| server.wire())
    }

    fn processes(&self) -> impl Iterator<Item = &Process> {
        let servers = self.servers.iter().map(|server| server.process());
        let sentinels = self.sentinels.iter().map(|one| &**one.process());
        servers.chain(sentinels)
    }

    /// How many bytes the replica lacks of what the primary has written; nothing, while there is none that follows.
    pub async fn behind(&self) -> Option<u64> {
        let primary = self.primary().await.ok()?;
        let written = primary.written().await?;
        let standings = join_all(self.servers.iter().map(|server| server.standing())).await;
        standings.into_iter().find_map(|standing| match standing {
            Standing::Replica {
                of,
                connected: true,
                offset,
            } if of == primary.port() => Some(written.saturating_sub(offset)),
            _ => None,
        })
    }

    /// Waits until one leads, the other follows, and each Sentinel sees it so.
    ///
    /// # Errors
    /// When it is not so after a minute.
    pub async fn in_step(&self) -> Result<(), Error> {
        self.until(async |all| all.follow().await && all.agree().await)
            .await
    }

    /// Whether one leads and the other follows it.
    async fn follow(&self) -> bool {
        let asked = self.servers.iter().map(|server| server.standing());
        let standings = join_all(asked).await;
        let leader = standings.iter().position(|one| *one == Standing::Primary);
        let leader = leader.map(|at| self.servers[at].port());
        let follows = |one: &&Standing| matches!(one, Standing::Replica { of, connected: true, .. } if Some(*of) == leader);
        standings.iter().filter(follows).count() + 1 == self.servers.len()
    }

    /// Whether every Sentinel sees all others, and the same primary and replica.
    async fn agree(&self) -> bool {
        let views = join_all(self.sentinels.iter().map(Sentinel::view)).await;
        let whole =
            |view: &super::View| (view.missed, view.replicas, view.others) == (false, 1, THREE - 1);
        let first = views.first().cloned().flatten();
        first.as_ref().is_some_and(whole) && views.iter().all(|view| *view == first)
    }

    async fn until(&self, event: impl AsyncFn(&Self) -> bool) -> Result<(), Error> {
        let end = Instant::now() + IN_STEP;
        while !event(self).await {
            if Instant::now() > end {
                let said = self.processes().map(Process::said);
                return Err(Error::Late {
                    program: "Redis with its Sentinels".into(),
                    seconds: IN_STEP.as_secs(),
                    said: said.collect::<Vec<_>>().join("\n"),
                });
            }
            sleep(LOOK * 5).await;
        }
        Ok(())
    }

    fn supervise(&mut self, supervised: bool) {
        if !supervised {
            return;
        }
        for server in &self.servers {
            self.supervisor.add(server.clone());
        }
        for sentinel in &self.sentinels {
            self.supervisor.add(sentinel.process().clone());
        }
    }

    /// Ends all of it in order: who could promote, before whoever could be missed.
    pub async fn stop(&self) {
        self.processes().for_each(Process::hold);
        let sentinels = self.sentinels.iter().map(Sentinel::process);
        join_all(sentinels.map(|process| process.stop(Signal::SIGTERM))).await;
        let servers = self.servers.iter().map(|server| server.process());
        join_all(servers.map(|process| process.stop(Signal::SIGTERM))).await;
    }
}

async fn seat(number: u8, wired: bool) -> Result<Seat, Error> {
    let port = free_port()?;
    let wire = if wired {
        Some(Wire::like(format!("127.0.0.1:{port}")).await?)
    } else {
        None
    };
    let name = format!("redis-{number}");
    Ok(Seat { name, port, wire })
}
