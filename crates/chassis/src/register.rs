//! Registers this instance where its neighbours look for it: from when it is ready until it begins to drain.

use std::net::SocketAddr;
use std::time::Duration;

use discovery::{Etcd, Source, etcd};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::health::Health;
use crate::neighbour::is_addr;
use crate::{Env, Instance, Wrong};

/// How often it is looked whether this instance is ready.
const LOOK: Duration = Duration::from_millis(100);

/// Where this instance registers itself, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    etcd: Etcd,
    lease: Duration,
    /// Where it listens, when there is none.
    advertise: Option<String>,
    /// Its address, when there is none.
    id: Option<String>,
    zone: String,
}

impl Registry {
    /// Reads what is said of an instance that listens at `listen`; none, where it is to be found by a list.
    pub(crate) fn read(env: &Env, listen: SocketAddr) -> Result<Option<Self>, Wrong> {
        let lease = env.within("REGISTRY_LEASE", etcd::LEASES)?;
        let Some(etcd) = place(env)? else {
            return Ok(None);
        };
        let advertise: Option<String> = env.optional("ADVERTISE")?;
        match &advertise {
            Some(addr) if !is_addr(addr) => {
                return Err(Wrong::new(format!(
                    "ADVERTISE must be `host:port`, and is `{addr}`"
                )));
            }
            None if listen.ip().is_unspecified() => {
                return Err(Wrong::new(
                    "ADVERTISE is not set: in a REGISTRY others must be told which address of LISTEN to call",
                ));
            }
            _ => {}
        }
        Ok(Some(Self {
            etcd,
            lease,
            advertise,
            id: env.optional("INSTANCE")?,
            zone: env.optional("ZONE")?.unwrap_or_default(),
        }))
    }

    /// Keeps `instance`, which listens at `addr`, registered while it is ready and does not drain.
    pub(crate) fn keep(self, instance: &Instance, addr: SocketAddr) -> JoinHandle<()> {
        let (listed, is_listed) = watch::channel(false);
        instance.wants("registry", move || std::future::ready(*is_listed.borrow()));
        let (service, health) = (instance.name, instance.health.clone());
        tokio::spawn(async move {
            let draining = health.draining.clone();
            if draining.run_until_cancelled(ready(&health)).await.is_none() {
                return;
            }
            let entry = self.entry(addr);
            let leave = draining.cancelled();
            self.etcd
                .keep(service, &entry, self.lease, listed, leave)
                .await;
        })
    }

    fn entry(&self, addr: SocketAddr) -> discovery::Instance {
        let addr = self.advertise.clone().unwrap_or_else(|| addr.to_string());
        discovery::Instance {
            id: self.id.clone().unwrap_or_else(|| addr.clone()),
            addr,
            zone: self.zone.clone(),
            ready: true,
        }
    }
}

fn place(env: &Env) -> Result<Option<Etcd>, Wrong> {
    let Some(text) = env.optional::<String>("REGISTRY")? else {
        return Ok(None);
    };
    match text.parse() {
        Ok(Source::Etcd(etcd)) => Ok(Some(etcd)),
        _ => Err(Wrong::new(format!(
            "REGISTRY must be {}, and is `{text}`",
            Etcd::MUST_BE
        ))),
    }
}

async fn ready(health: &Health) {
    while !health.report().await.ready {
        tokio::time::sleep(LOOK).await;
    }
}
