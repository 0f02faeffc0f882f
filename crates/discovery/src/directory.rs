//! Who is there: the instances of one service, as somebody who knows tells them.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;

/// One instance of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    /// What it is called, for people and for overlays.
    pub id: String,
    /// Where it listens: `host:port`.
    pub addr: String,
    /// Where it stands; empty where that is not known.
    pub zone: String,
    /// Whether it takes requests.
    pub ready: bool,
}

impl Instance {
    /// An instance of which nothing is known but its address.
    pub fn at(addr: &impl ToString) -> Self {
        Self {
            id: addr.to_string(),
            addr: addr.to_string(),
            zone: String::new(),
            ready: true,
        }
    }
}

/// Knows the instances of one service.
pub trait Directory: Send + Sync + 'static {
    /// Gives the list as it is now, and each list after it. When the directory itself is gone the last list stays. No list
    /// names an instance or an address twice.
    fn watch(&self) -> watch::Receiver<Arc<[Instance]>>;
}

impl Directory for Box<dyn Directory> {
    fn watch(&self) -> watch::Receiver<Arc<[Instance]>> {
        (**self).watch()
    }
}

/// A list that does not change.
#[derive(Clone, Debug)]
pub struct Fixed(watch::Receiver<Arc<[Instance]>>);

impl Fixed {
    /// The instances at `addrs`, each `host:port`.
    pub fn new(addrs: impl IntoIterator<Item = impl ToString>) -> Self {
        let mut seen = HashSet::new();
        let instances = addrs.into_iter().map(|addr| Instance::at(&addr));
        let instances = instances.filter(|one| seen.insert(one.addr.clone()));
        // The sender may go: a receiver keeps the last list.
        Self(watch::channel(instances.collect()).1)
    }
}

impl Directory for Fixed {
    fn watch(&self) -> watch::Receiver<Arc<[Instance]>> {
        self.0.clone()
    }
}
