//! Tells every instance of control that this instance is there and how it is, and hears what operators say.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use api::control::registry_client::RegistryClient;
use api::control::{AttendRequest, Opinion, Report};
use discovery::{Channel, Directory, Fixed, Opinions};
use retry::Deadline;
use time::OffsetDateTime;
use tokio::sync::watch::{Receiver, Sender};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::debug;
use uuid::Uuid;

use crate::allowance::Heard;
use crate::health::Health;
use crate::{Env, Room, Wrong, usage};

/// How often each is told: whoever is silent for a few of these is missed.
const PERIOD: Duration = Duration::from_millis(500);
/// How long one may take to answer; the others are told meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);

/// What does not change while an instance lives.
#[derive(Clone)]
pub(crate) struct Card {
    pub(crate) instance: String,
    pub(crate) service: &'static str,
    listens: SocketAddr,
    advertised: Option<String>,
    pub(crate) zone: String,
    pub(crate) incarnation: String,
    pub(crate) started_at: String,
}

/// What there is to tell, and to whom.
pub(crate) struct Attendance {
    pub(crate) control: Box<dyn Directory>,
    pub(crate) calling: discovery::Settings,
    pub(crate) opinions: Opinions,
    pub(crate) card: Card,
    pub(crate) room: Room,
    pub(crate) health: Health,
    pub(crate) heard: Heard,
}

impl Card {
    /// Of the instance of `service` that listens at `addr`, as `env` calls it.
    pub(crate) fn of(env: &Env, service: &'static str, addr: SocketAddr) -> Result<Self, Wrong> {
        let advertised: Option<String> = env.optional("ADVERTISE")?;
        let name = || match &advertised {
            Some(address) => address.clone(),
            // Every container listens there; what tells them apart is what their machine is called.
            None if addr.ip().is_unspecified() => hostname().unwrap_or_else(|| addr.to_string()),
            None => addr.to_string(),
        };
        Ok(Self {
            instance: env.optional("INSTANCE")?.unwrap_or_else(name),
            service,
            listens: addr,
            advertised,
            zone: env.optional("ZONE")?.unwrap_or_default(),
            incarnation: Uuid::now_v7().to_string(),
            started_at: api::time::write(OffsetDateTime::now_utc()),
        })
    }

    /// Where this instance takes requests, as whoever is at `other` would reach it.
    fn address(&self, other: &str) -> String {
        let own = || -> std::io::Result<IpAddr> {
            // Nothing is sent: it only asks by which of its addresses this machine would.
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.connect(other)?;
            Ok(socket.local_addr()?.ip())
        };
        match &self.advertised {
            Some(address) => address.clone(),
            None if self.listens.ip().is_unspecified() => {
                let ip = own().unwrap_or_else(|_| self.listens.ip());
                SocketAddr::new(ip, self.listens.port()).to_string()
            }
            None => self.listens.to_string(),
        }
    }
}

impl Attendance {
    /// Tells each instance of control, those too that come later, until `closing` ends.
    pub(crate) async fn keep(self: Arc<Self>, closing: CancellationToken) {
        let looks = Sender::new(Arc::default());
        let looking = self.clone().look(looks.clone());
        let _looking = AbortOnDropHandle::new(tokio::spawn(looking));
        let mut there = self.control.watch();
        let mut visits: HashMap<String, AbortOnDropHandle<()>> = HashMap::new();
        loop {
            let now = there.borrow_and_update().clone();
            visits.retain(|addr, _| now.iter().any(|one| one.addr == *addr));
            for one in now.iter() {
                visits.entry(one.addr.clone()).or_insert_with(|| {
                    let visit = self.clone().visit(one.addr.clone(), looks.subscribe());
                    AbortOnDropHandle::new(tokio::spawn(visit))
                });
            }
            let closed = tokio::select! {
                () = closing.cancelled() => true,
                changed = there.changed() => {
                    if changed.is_err() {
                        // The list is for ever.
                        closing.cancelled().await;
                    }
                    closing.is_cancelled()
                }
            };
            if closed {
                return;
            }
        }
    }

    /// Looks how this instance is, once for all who are told.
    async fn look(self: Arc<Self>, looks: Sender<Arc<Report>>) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            looks.send_replace(Arc::new(self.report().await));
        }
    }

    /// Tells the instance at `addr` of each look, for as long as it is listed. One that is slow to answer misses some.
    async fn visit(self: Arc<Self>, addr: String, mut looks: Receiver<Arc<Report>>) {
        let address = self.card.address(&addr);
        let only = Fixed::new([addr]);
        let channel = discovery::channel("control", &only, &self.calling);
        let client = RegistryClient::new(channel);
        // It ends with whoever looks.
        while looks.changed().await.is_ok() {
            let look = looks.borrow_and_update().clone();
            let report = Report {
                address: address.clone(),
                ..Report::clone(&look)
            };
            self.tell(client.clone(), report).await;
        }
    }

    async fn tell(&self, mut client: RegistryClient<Channel>, report: Report) {
        let request = AttendRequest {
            report: Some(report),
            revision: self.heard.revision(),
            opinions: self.opinions.now().into_iter().map(opinion).collect(),
        };
        let call = Deadline::after(PATIENCE).scope(client.attend(request));
        match call.await {
            Ok(told) => self.heard.hear(told.into_inner()),
            // What was heard last stays; control itself notices who is silent.
            Err(error) => debug!(%error, "control did not hear of this instance"),
        }
    }

    /// How this instance is; where it takes requests depends on who asks.
    async fn report(&self) -> Report {
        let (card, load) = (self.card.clone(), self.room.load());
        let health = self.health.report().await;
        let many = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let usage = usage::now();
        Report {
            instance: card.instance,
            service: card.service.to_owned(),
            address: String::new(),
            zone: card.zone,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            incarnation: card.incarnation,
            started_at: card.started_at,
            ready: health.ready,
            draining: self.health.draining.is_cancelled(),
            degraded: health.degraded.iter().map(ToString::to_string).collect(),
            requests: load.ended,
            failed: load.failed,
            shed: load.shed,
            taken_micros: u64::try_from(load.taken.as_micros()).unwrap_or(u64::MAX),
            in_flight: many(load.inside),
            limit: many(load.limit),
            cpu_millis: usage.cpu_millis,
            memory_bytes: usage.memory_bytes,
        }
    }
}

fn opinion(of: discovery::Opinion) -> Opinion {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Opinion {
        service: of.service.to_owned(),
        address: of.addr,
        ejected_ms: of.ejected.map(millis),
        answered_ms: of.answered.map(millis),
    }
}

/// What this machine is called, as Linux tells it; of a container, what the engine calls it.
pub fn hostname() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
