//! The gateway as a service of the house.

use std::io;
use std::time::Duration;

use cache::Redis;
use chassis::tls::Certificate;
use chassis::{Door, Env, Instance, Room, Service, Setting, Wrong};
use tokio_util::sync::CancellationToken;

use crate::config::{self, Settings, TlsFiles};
use crate::fallback::Fallback;
use crate::limits::Limits;
use crate::state::{Channels, Edge};
use crate::{follow, router, serve};

/// How often local counts of callers who went away are forgotten.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// The front door.
pub struct Gateway {
    edge: Edge,
    certificate: Option<Certificate>,
    redis: Option<Redis>,
    probes: std::sync::OnceLock<axum::Router>,
}

impl Gateway {
    /// Puts the gateway together. Nothing is connected yet.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn connect(env: &Env) -> Result<Self, Wrong> {
        let settings = Settings::read(env)?;
        let open = |files: &TlsFiles| Certificate::open(&files.cert, &files.key);
        let certificate = settings.tls.as_ref().map(open).transpose()?;
        let redis = settings.redis.as_deref().map(Redis::connect);
        let limits = Limits::new(settings.quotas, redis.as_ref());
        let fallback = Fallback::new(redis.as_ref());
        let channels = Channels {
            user: env.channel("user")?,
            order: env.channel("order")?,
            news: env.channel("news")?,
            control: env.channel_if_any("control")?,
        };
        Ok(Self {
            edge: Edge::new(settings, channels, limits, fallback),
            certificate,
            redis,
            probes: std::sync::OnceLock::new(),
        })
    }
}

#[cfg(test)]
impl Gateway {
    /// What its handlers use.
    pub(crate) fn edge(&self) -> &Edge {
        &self.edge
    }
}

impl Service for Gateway {
    const SETTINGS: &'static [Setting] = config::SETTINGS;

    fn begin(&self, instance: &Instance) {
        let _ = self.probes.set(instance.probes());
        let edge = self.edge.clone();
        // Before the first keys have come it can let nobody in. Later it goes on with the last known.
        instance.needs("keys", move || {
            let known = edge.verifier().has_keys();
            async move { known }
        });
        let edge = self.edge.clone();
        instance.wants("user", move || {
            let followed = edge.verifier().follows_revocations();
            async move { followed }
        });
        if let Some(redis) = self.redis.clone() {
            let allowed = redis.clone();
            instance.heed(move |said| allowed.allow(said.cache_life));
            instance.wants("redis", move || {
                let up = redis.is_up();
                async move { up }
            });
        }
        let edge = self.edge.clone();
        instance.heed(move |said| edge.heed(said));
        spawn(instance, "keys", &self.edge, follow::keys);
        spawn(instance, "revocations", &self.edge, follow::revocations);
        spawn(instance, "sweep", &self.edge, sweep);
        if let Some(certificate) = self.certificate.clone() {
            instance.spawn("certificate", move |closing| {
                let certificate = certificate.clone();
                async move { certificate.follow(closing).await }
            });
        }
    }

    fn room(&self) -> Option<Room> {
        Some(self.edge.room().clone())
    }

    async fn serve(&self, door: Door) -> io::Result<()> {
        let probes = self.probes.get().cloned().unwrap_or_default();
        let router = router::router(&self.edge, probes);
        serve::serve(self.edge.clone(), self.certificate.as_ref(), router, door).await
    }
}

/// Runs `work` beside the requests until the gateway closes.
fn spawn<F>(instance: &Instance, name: &'static str, edge: &Edge, work: fn(Edge) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let edge = edge.clone();
    instance.spawn(name, move |closing: CancellationToken| {
        let work = work(edge.clone());
        async move {
            closing.run_until_cancelled(work).await;
        }
    });
}

async fn sweep(edge: Edge) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        edge.limits().sweep();
    }
}
