//! The instances of one service as the directory names them, and who of them takes the next call.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::warn;

use crate::endpoint::Endpoint;
use crate::line::Way;
use crate::overlay::{Overlay, Overlays};
use crate::standing::Record;
use crate::{Balance, Directory, Instance, Opinion, Settings, choice};

/// One connected instance that could take a call.
pub(crate) type Seat<'a> = &'a Arc<Endpoint>;

/// The instances that the directory names.
pub(crate) struct Endpoints {
    way: Way,
    balance: Balance,
    zone: String,
    lines: usize,
    directory: watch::Receiver<Arc<[Instance]>>,
    overlay: Overlays,
    current: Mutex<Current>,
    /// Told whenever some line is connected, or could not be.
    changed: watch::Sender<()>,
}

/// What was last seen, and what was made of it.
#[derive(Default)]
struct Current {
    instances: Option<Arc<[Instance]>>,
    overlay: Arc<Overlay>,
    endpoints: Arc<[Arc<Endpoint>]>,
}

impl Endpoints {
    pub(crate) fn new(
        service: &'static str,
        directory: &impl Directory,
        settings: &Settings,
    ) -> Self {
        Self {
            way: Way {
                service,
                tls: settings.tls.clone(),
                network: settings.network.clone(),
            },
            balance: settings.balance,
            zone: settings.zone.clone(),
            lines: settings.connections.clamp(1, 8),
            directory: directory.watch(),
            overlay: settings.overlay.clone(),
            current: Mutex::default(),
            changed: watch::channel(()).0,
        }
    }

    /// The instances that may be given calls now.
    pub(crate) fn current(&self) -> Arc<[Arc<Endpoint>]> {
        let mut current = self.lock();
        let instances = self.directory.borrow().clone();
        let overlay = self.overlay.borrow().clone();
        let same = current.instances.as_ref();
        let same = same.is_some_and(|known| Arc::ptr_eq(known, &instances));
        if !same || !Arc::ptr_eq(&current.overlay, &overlay) {
            current.endpoints = self.follow(&current.endpoints, &instances, &overlay);
            current.instances = Some(instances);
            current.overlay = overlay;
        }
        let open = |endpoint: &&Arc<Endpoint>| endpoint.weight() > 0;
        if current.endpoints.iter().all(|endpoint| open(&endpoint)) {
            return current.endpoints.clone();
        }
        current.endpoints.iter().filter(open).cloned().collect()
    }

    /// Tells of lines that come up, or cannot.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Tells of new lists, for as long as there may be any.
    pub(crate) fn lists(&self) -> watch::Receiver<Arc<[Instance]>> {
        self.directory.clone()
    }

    /// Keeps those that are still there, with all that is known of them; opens those that are missing; lets go of the others.
    fn follow(
        &self,
        known: &[Arc<Endpoint>],
        instances: &[Instance],
        overlay: &Overlay,
    ) -> Arc<[Arc<Endpoint>]> {
        let mut seen = HashSet::new();
        let ready = instances.iter().filter(|instance| instance.ready);
        let endpoints = ready
            .filter(|instance| seen.insert(&instance.addr))
            .filter_map(|instance| {
                let same = known.iter().find(|known| known.instance == *instance);
                same.cloned().or_else(|| self.open(instance))
            });
        endpoints
            .inspect(|endpoint| endpoint.set_weight(overlay.weight(&endpoint.instance.id)))
            .collect()
    }

    fn open(&self, instance: &Instance) -> Option<Arc<Endpoint>> {
        Endpoint::new(&self.way, instance.clone(), self.lines, &self.changed).map(Arc::new)
    }

    /// Chooses among those that are connected. The nearest that are trusted come first; those that are not are better
    /// than nobody.
    pub(crate) fn choose(&self, seats: &[Seat<'_>]) -> Option<Arc<Endpoint>> {
        let trusted: Vec<_> = seats
            .iter()
            .copied()
            .filter(|seat| seat.standing().is_in())
            .collect();
        let near = |seat: &Seat<'_>| !self.zone.is_empty() && seat.instance.zone == self.zone;
        let nearest: Vec<_> = trusted.iter().copied().filter(near).collect();
        let tiers = [nearest.as_slice(), trusted.as_slice(), seats];
        let tier = tiers.into_iter().find(|tier| !tier.is_empty())?;
        Some(self.balanced(tier))
    }

    fn balanced(&self, tier: &[Seat<'_>]) -> Arc<Endpoint> {
        let turn = self.turn(tier);
        if self.balance == Balance::RoundRobin || tier.len() == 1 {
            return tier[turn].clone();
        }
        let other = (turn + rand::random_range(1..tier.len())) % tier.len();
        let weights: f64 = tier.iter().map(|seat| f64::from(seat.weight())).sum();
        #[allow(clippy::cast_precision_loss, reason = "there are few instances")]
        let average = weights / tier.len() as f64;
        let now = Instant::now();
        let look = |at: usize| tier[at].look(now, average);
        let chosen = if choice::clearly_better(look(other), look(turn)) {
            other
        } else {
            turn
        };
        tier[chosen].clone()
    }

    fn turn(&self, tier: &[Seat<'_>]) -> usize {
        // One turn at a time, or two calls would take the same.
        let _turning = self.lock();
        let mut credits: Vec<_> = tier.iter().map(|seat| seat.credit()).collect();
        let weights = tier.iter().map(|seat| seat.weight());
        choice::turn(credits.iter_mut().map(|credit| &mut **credit).zip(weights)).unwrap_or(0)
    }

    /// Ejects `endpoint` where it fails and others do not; never more than half of all.
    pub(crate) fn judge(&self, endpoint: &Endpoint) {
        let now = Instant::now();
        let current = self.lock();
        let out = |known: &&Arc<Endpoint>| !known.standing().is_in();
        if (current.endpoints.iter().filter(out).count() + 1) * 2 > current.endpoints.len() {
            return;
        }
        let peers = current.endpoints.iter();
        let peers = peers.filter(|peer| peer.instance != endpoint.instance && !out(peer));
        let peers: Vec<Record> = peers.map(|peer| peer.standing().record(now)).collect();
        let mut standing = endpoint.standing();
        if standing.is_in() && standing.is_outlier(&peers, now) {
            standing.eject(now, rand::random());
            endpoint.meters.ejected(true);
            warn!(
                peer.service = self.way.service,
                peer.id = endpoint.instance.id,
                "ejected: it fails where others do not"
            );
        }
    }

    /// What is thought of each.
    pub(crate) fn opinions(&self, now: Instant) -> Vec<Opinion> {
        let endpoints = self.lock().endpoints.clone();
        let ago = |at: Instant| now.saturating_duration_since(at);
        let opinion = |endpoint: &Arc<Endpoint>| {
            let standing = endpoint.standing();
            Opinion {
                service: self.way.service,
                addr: endpoint.instance.addr.clone(),
                ejected: standing.out_since(now).map(ago),
                answered: standing.record(now).answered.map(ago),
            }
        };
        endpoints.iter().map(opinion).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
