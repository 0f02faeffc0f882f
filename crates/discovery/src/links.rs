//! The links to all instances of one service, and whose turn it is.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::client::conn::http2::SendRequest;
use tokio::sync::watch;
use tonic::body::Body;

use crate::link::Link;
use crate::{Directory, Instance};

/// The links to the instances that the directory names.
pub(crate) struct Links {
    service: &'static str,
    current: Mutex<Current>,
    turn: AtomicUsize,
    /// Told whenever some link is connected, or could not be.
    changed: watch::Sender<()>,
}

struct Current {
    directory: watch::Receiver<Arc<[Instance]>>,
    links: Arc<[Arc<Link>]>,
    begun: bool,
}

/// Nobody is there to send to.
#[derive(Debug)]
pub(crate) struct Nobody;

/// One call's way through the links: each is tried once.
pub(crate) struct Round {
    candidates: Vec<Arc<Link>>,
    failures: Vec<u64>,
    changed: watch::Receiver<()>,
}

impl Links {
    pub(crate) fn new(service: &'static str, directory: &impl Directory) -> Self {
        Self {
            service,
            current: Mutex::new(Current {
                directory: directory.watch(),
                links: Arc::default(),
                begun: false,
            }),
            turn: AtomicUsize::new(0),
            changed: watch::channel(()).0,
        }
    }

    /// Begins a call's way, where the last one's turn ended.
    pub(crate) fn round(&self) -> Round {
        let links = self.current();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % links.len().max(1);
        let candidates: Vec<_> = [&links[turn..], &links[..turn]].concat();
        Round {
            failures: candidates.iter().map(|link| link.failures()).collect(),
            candidates,
            changed: self.changed.subscribe(),
        }
    }

    fn current(&self) -> Arc<[Arc<Link>]> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !current.begun || current.directory.has_changed().unwrap_or(false) {
            current.begun = true;
            let instances = current.directory.borrow_and_update().clone();
            current.links = self.follow(&current.links, &instances);
        }
        current.links.clone()
    }

    /// Keeps the links whose instances are still there, opens those that are missing, lets go of the others.
    fn follow(&self, links: &[Arc<Link>], instances: &[Instance]) -> Arc<[Arc<Link>]> {
        let mut seen = HashSet::new();
        let ready = instances.iter().filter(|instance| instance.ready);
        ready
            .filter(|instance| seen.insert(&instance.addr))
            .filter_map(|instance| {
                let known = links.iter().find(|link| link.instance == *instance);
                known.cloned().or_else(|| self.open(instance))
            })
            .collect()
    }

    fn open(&self, instance: &Instance) -> Option<Arc<Link>> {
        Link::new(self.service, instance.clone(), self.changed.clone()).map(Arc::new)
    }
}

impl Round {
    /// The next link that is connected; waits while some may yet be.
    pub(crate) async fn next(&mut self) -> Result<(Arc<Link>, SendRequest<Body>), Nobody> {
        loop {
            // All links are looked at, so that each that is not connected learns that it is wanted.
            let mut connected = None;
            for (at, link) in self.candidates.iter().enumerate() {
                let sender = link.sender();
                connected = connected.or_else(|| Some((at, sender?)));
            }
            if let Some((at, sender)) = connected {
                self.failures.remove(at);
                return Ok((self.candidates.remove(at), sender));
            }
            if self.given_up() {
                return Err(Nobody);
            }
            // The sender lives in `links`, which outlives every call, so this only ever ends with a change.
            let _ = self.changed.changed().await;
        }
    }

    /// Whether every instance had its turn.
    pub(crate) fn is_over(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Whether the next instance is the last.
    pub(crate) fn is_last(&self) -> bool {
        self.candidates.len() <= 1
    }

    /// Whether every link that is left has failed since the call began.
    fn given_up(&self) -> bool {
        let mut left = self.candidates.iter().zip(&self.failures);
        left.all(|(link, before)| link.failures() > *before)
    }
}
