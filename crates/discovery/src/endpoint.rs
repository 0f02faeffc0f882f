//! One instance as its callers know it: its connections, its load, its weight, its standing.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::uri::{Authority, Scheme};
use hyper::client::conn::http2::SendRequest;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::body::Body;

use crate::Instance;
use crate::choice::Look;
use crate::line::{Line, Way};
use crate::load::Load;
use crate::meters::Meters;
use crate::overlay::WEIGHT;
use crate::standing::Standing;

/// Calls that one connection carries before another is opened beside it: one carries thousands, but on one core.
const CALLS_PER_LINE: usize = 64;

/// One instance.
pub(crate) struct Endpoint {
    pub(crate) instance: Instance,
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    pub(crate) meters: Meters,
    lines: Vec<Line>,
    next: AtomicUsize,
    weight: AtomicU32,
    load: Mutex<Load>,
    standing: Mutex<Standing>,
    credit: Mutex<i64>,
}

impl Endpoint {
    /// An instance that is not connected yet, by at most `lines` connections. None where its address is not one.
    pub(crate) fn new(
        way: &Way,
        instance: Instance,
        lines: usize,
        changed: &watch::Sender<()>,
    ) -> Option<Self> {
        let authority = Authority::try_from(instance.addr.as_str()).ok()?;
        let now = Instant::now();
        let line = || Line::new(way.clone(), authority.clone(), changed.clone());
        Some(Self {
            meters: Meters::new(way.service, &instance),
            lines: (0..lines.max(1)).map(|_| line()).collect(),
            instance,
            scheme: way.scheme(),
            authority,
            next: AtomicUsize::new(0),
            weight: AtomicU32::new(WEIGHT),
            load: Mutex::new(Load::new(now)),
            standing: Mutex::new(Standing::new(now)),
            // Callers that start together do not all begin with the same instance.
            credit: Mutex::new(rand::random_range(0..i64::from(WEIGHT))),
        })
    }

    /// Where to send, while some connection is up. Those that are wanted and missing are made.
    pub(crate) fn sender(&self) -> Option<SendRequest<Body>> {
        let wanted = 1 + self.load().pending() as usize / CALLS_PER_LINE;
        let lines = &self.lines[..wanted.min(self.lines.len())];
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % lines.len();
        let (before, from) = lines.split_at(turn);
        from.iter().chain(before).find_map(Line::sender)
    }

    /// How many attempts to connect have failed.
    pub(crate) fn failures(&self) -> u64 {
        self.lines.first().map_or(0, Line::failures)
    }

    pub(crate) fn weight(&self) -> u32 {
        self.weight.load(Ordering::Relaxed)
    }

    pub(crate) fn set_weight(&self, weight: u32) {
        self.weight.store(weight, Ordering::Relaxed);
        self.meters.weight(weight);
    }

    /// How it looks to somebody who has a call to give, where the average weight is `average`.
    pub(crate) fn look(&self, now: Instant, average: f64) -> Look {
        let load = *self.load();
        Look {
            latency: load.latency(now),
            silence: load.silence(now),
            pending: f64::from(load.pending()),
            share: f64::from(self.weight()) / average,
        }
    }

    pub(crate) fn load(&self) -> MutexGuard<'_, Load> {
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it has saved up towards its next turn.
    pub(crate) fn credit(&self) -> MutexGuard<'_, i64> {
        self.credit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
