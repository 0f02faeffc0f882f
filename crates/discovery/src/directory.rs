//! Who is there: the instances of one service, as somebody who knows tells them.

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

/// Knows the instances of one service.
pub trait Directory: Send + Sync + 'static {
    /// Gives the list as it is now, and each list after it. When the directory itself is gone the last list stays.
    fn watch(&self) -> watch::Receiver<Arc<[Instance]>>;
}

/// A list that does not change.
#[derive(Clone, Debug)]
pub struct Fixed(watch::Receiver<Arc<[Instance]>>);

impl Fixed {
    /// The instances at `addrs`, each `host:port`.
    pub fn new(addrs: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let instances = addrs.into_iter().map(|addr| {
            let addr = addr.into();
            Instance {
                id: addr.clone(),
                addr,
                zone: String::new(),
                ready: true,
            }
        });
        // The sender may go: a receiver keeps the last list.
        Self(watch::channel(instances.collect()).1)
    }
}

impl Directory for Fixed {
    fn watch(&self) -> watch::Receiver<Arc<[Instance]>> {
        self.0.clone()
    }
}
