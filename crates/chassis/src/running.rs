//! A service that runs: started by its settings, ended in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use discovery::Opinions;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::attend::{Attendance, Card};
use crate::caller::Callers;
use crate::config::Config;
use crate::identity::Identity;
use crate::{Door, Env, Instance, Room, Service, Wrong, admin, tls};

/// What requests that are dropped may take to say so.
const DROPPING: Duration = Duration::from_secs(1);
/// How often it is looked whether a service still serves.
const LOOK: Duration = Duration::from_secs(1);
/// How often gathered histograms are folded.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why a service did not start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// A setting is wrong.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// Its address cannot be had.
    #[error("cannot listen on {addr}: {source}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A service that runs.
pub struct Running {
    /// Where it takes requests.
    pub addr: SocketAddr,
    /// Where its health and metrics are.
    pub admin_addr: SocketAddr,
    instance: Instance,
    config: Arc<Config>,
    identity: Option<Identity>,
    closing: CancellationToken,
    ended: CancellationToken,
    serving: JoinHandle<()>,
    registered: Option<JoinHandle<()>>,
    admin: JoinHandle<()>,
    pub(crate) telemetry: telemetry::Guard,
}

/// Starts a service by `env`. It serves when this returns; what it needs may still be on its way.
///
/// # Errors
/// When a setting is wrong, or an address is taken.
pub async fn start<S: Service>(
    name: &'static str,
    env: Env,
    connect: impl FnOnce(&Env) -> Result<S, Wrong>,
) -> Result<Running, NotStarted> {
    let env = env.knowing(S::SETTINGS);
    let config = Arc::new(Config::read(name, &env)?);
    let env = env.proving(name)?;
    let telemetry = telemetry::init(&config.telemetry);
    tls::install_provider();
    let service = connect(&env)?;
    let (socket, addr) = bind(config.listen).await?;
    let (admin_socket, admin_addr) = bind(config.admin).await?;
    let instance = Instance::new(name, env.heard().clone());
    let room = service.room();
    let room = room.unwrap_or_else(|| Room::new(name, config.room));
    instance.spawn("upkeep of metrics", upkeep);
    if let Some(identity) = env.identity().cloned() {
        instance.spawn("certificates", move |closing| {
            identity.clone().follow(closing)
        });
    }
    service.begin(&instance);
    follow(&env, &config, &instance, &room, addr)?;
    let (closing, ended) = (CancellationToken::new(), CancellationToken::new());
    let door = Door {
        name,
        socket,
        closing: closing.clone(),
        config: config.clone(),
        room,
        identity: env.identity().cloned(),
        callers: Callers {
            services: S::CALLERS,
            guests: S::GUESTS,
        },
        health: instance.health.clone(),
        ended: ended.clone(),
    };
    let admin = axum::serve(admin_socket, admin::routes(instance.health.clone()));
    let registry = config.registry.clone();
    let registered = registry.map(|registry| registry.keep(&instance, addr));
    info!(service.name = name, %addr, %admin_addr, "started");
    Ok(Running {
        addr,
        admin_addr,
        instance,
        config,
        identity: env.identity().cloned(),
        closing,
        ended,
        serving: tokio::spawn(async move { serve(service, door).await }),
        registered,
        admin: tokio::spawn(async move { admin.await.unwrap_or_default() }),
        telemetry,
    })
}

/// Has operators hear of `instance`, and it of them, where there is a control service.
fn follow(
    env: &Env,
    config: &Config,
    instance: &Instance,
    room: &Room,
    addr: SocketAddr,
) -> Result<(), Wrong> {
    let (limited, own) = (room.clone(), config.room);
    instance.heed(move |allowance| limited.rebound(allowance.room(own)));
    let Some(control) = env.directory("control")? else {
        return Ok(());
    };
    let attendance = Arc::new(Attendance {
        control,
        // What it thinks of control itself tells control nothing, nor does a trace of being there anybody.
        calling: discovery::Settings {
            quiet: true,
            opinions: Opinions::default(),
            ..env.calling()?
        },
        opinions: env.opinions().clone(),
        card: Card::of(env, instance.name, addr)?,
        room: room.clone(),
        health: instance.health.clone(),
        heard: env.heard().clone(),
    });
    instance.spawn("attendance", move |closing| {
        attendance.clone().keep(closing)
    });
    Ok(())
}

async fn serve<S: Service>(service: S, door: Door) {
    let name = door.name;
    if let Err(error) = service.serve(door).await {
        error!(service.name = name, %error, "stopped serving");
    }
}

async fn upkeep(closing: CancellationToken) {
    let mut ticks = tokio::time::interval(UPKEEP);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        telemetry::upkeep();
    }
}

impl Running {
    /// A channel to this instance, as its neighbours have one: what tests call it by.
    pub fn channel(&self) -> discovery::Channel {
        let settings = discovery::Settings {
            service_token: Some(self.config.service_token.clone()),
            tls: self.identity.as_ref().map(Identity::client),
            ..discovery::Settings::default()
        };
        let only = discovery::Fixed::new([self.addr.to_string()]);
        discovery::channel(self.instance.name, &only, &settings)
    }

    /// Ends the service in order: it is deregistered, readiness is withdrawn, requests are taken for a while yet, then no more; those in
    /// flight are answered, work in the background comes to its end, the last spans leave.
    pub async fn stop(mut self) {
        let name = self.instance.name;
        info!(service.name = name, "draining");
        self.instance.health.draining.cancel();
        let left = async {
            if let Some(registered) = self.registered.take() {
                // It has a limit of its own.
                let _ = registered.await;
            }
        };
        tokio::join!(left, tokio::time::sleep(self.config.drain_grace));
        self.close().await;
        self.instance.end().await;
        self.telemetry.flush().await;
        self.admin.abort();
        info!(service.name = name, "stopped");
    }

    /// Takes no more requests, and answers those in flight or drops them when they have had their time.
    async fn close(&mut self) {
        self.closing.cancel();
        let limit = self.config.drain_limit;
        if within(limit, &mut self.serving).await {
            return;
        }
        let name = self.instance.name;
        warn!(
            service.name = name,
            "requests in flight had their time and are dropped"
        );
        self.ended.cancel();
        if !within(DROPPING, &mut self.serving).await {
            self.serving.abort();
        }
    }

    /// Waits until serving has ended by itself, which it should not.
    pub(crate) async fn ended(&self) {
        let mut looks = tokio::time::interval(LOOK);
        while !self.serving.is_finished() {
            looks.tick().await;
        }
    }
}

/// Whether `task` ends in time.
async fn within(limit: Duration, task: &mut JoinHandle<()>) -> bool {
    task.is_finished() || tokio::time::timeout(limit, task).await.is_ok()
}

async fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), NotStarted> {
    let refused = |source| NotStarted::Bind { addr, source };
    let socket = TcpListener::bind(addr).await.map_err(refused)?;
    let addr = socket.local_addr().map_err(refused)?;
    Ok((socket, addr))
}
