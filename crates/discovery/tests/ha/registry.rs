//! Three members of etcd and those who are registered there, in a test's hand.

use std::collections::BTreeMap;
use std::time::Duration;

use discovery::{Etcd, Instance, Source};
use nix::sys::signal::Signal;
use stack::Folder;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::same::{Knows, LIMIT};

/// Long enough to be renewed in time on a busy machine.
pub(crate) const LEASE: Duration = Duration::from_secs(5);

/// Three members of etcd, and those who are registered there.
pub(crate) struct Registry {
    // Before its folder, which goes when they have ended.
    pub(crate) members: Vec<stack::Etcd>,
    _folder: Folder,
    keepers: BTreeMap<String, Keeper>,
}

/// One who keeps itself registered.
pub(crate) struct Keeper {
    pub(crate) listed: watch::Receiver<bool>,
    goodbye: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// An instance in `zone`.
pub(crate) fn instance(id: &str, addr: &str, zone: &str) -> Instance {
    Instance {
        id: id.to_owned(),
        zone: zone.to_owned(),
        ..Instance::at(&addr)
    }
}

impl Keeper {
    /// Waits until it is registered.
    pub(crate) async fn is_listed(&mut self) {
        let listed = timeout(LIMIT, self.listed.wait_for(|listed| *listed)).await;
        listed.expect("registered in time").unwrap();
    }

    /// Says goodbye, and returns when that is said.
    pub(crate) async fn leave(self) {
        self.goodbye.send(()).unwrap();
        self.task.await.unwrap();
    }

    /// Is gone without a word: its lease runs out.
    pub(crate) fn vanish(self) {
        self.task.abort();
    }
}

impl Registry {
    /// Where members with these ports are.
    pub(crate) fn at(ports: impl IntoIterator<Item = u16>) -> String {
        let members: Vec<String> = ports
            .into_iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        format!("etcd://{}", members.join(","))
    }

    fn etcd(&self) -> Etcd {
        match self.source().parse().unwrap() {
            Source::Etcd(etcd) => etcd,
            other => panic!("{other:?}"),
        }
    }

    /// Registers `instance`, and returns when it is.
    pub(crate) async fn register(&self, instance: Instance, lease: Duration) -> Keeper {
        let (etcd, (listed, is_listed), (goodbye, said)) =
            (self.etcd(), watch::channel(false), oneshot::channel());
        let task = tokio::spawn(async move {
            let said = async {
                let _ = said.await;
            };
            etcd.keep("order", &instance, lease, listed, said).await;
        });
        let mut keeper = Keeper {
            listed: is_listed,
            goodbye,
            task,
        };
        keeper.is_listed().await;
        keeper
    }

    /// Ends all members in order.
    pub(crate) async fn stop(&self) {
        for member in &self.members {
            member.process().stop(Signal::SIGTERM).await;
        }
    }

    /// Starts all members again.
    pub(crate) async fn start_again(&self) {
        for member in &self.members {
            member.process().start_again().unwrap();
        }
        for member in &self.members {
            member.ready().await.unwrap();
        }
    }

    /// Starts all members again, and none of them knows anything.
    pub(crate) async fn start_empty(&self) {
        for member in &self.members {
            member.forget().unwrap();
        }
        self.start_again().await;
    }
}

impl Knows for Registry {
    async fn start() -> Self {
        let folder = Folder::scratch().unwrap();
        Self {
            members: stack::Etcd::three(&folder).await.unwrap(),
            _folder: folder,
            keepers: BTreeMap::new(),
        }
    }

    fn source(&self) -> String {
        Self::at(self.members.iter().map(stack::Etcd::port))
    }

    async fn says(&mut self, addrs: &[&str]) {
        let id = |at: usize| format!("order-{at}-{}", addrs[at]);
        let ids: Vec<String> = (0..addrs.len()).map(id).collect();
        let known: Vec<String> = self.keepers.keys().cloned().collect();
        for gone in known.iter().filter(|id| !ids.contains(id)) {
            self.keepers.remove(gone).unwrap().leave().await;
        }
        for (id, addr) in ids.iter().zip(addrs) {
            if !self.keepers.contains_key(id) {
                let keeper = self.register(instance(id, addr, ""), LEASE).await;
                self.keepers.insert(id.clone(), keeper);
            }
        }
    }

    async fn goes(&mut self) {
        self.stop().await;
    }

    async fn returns(&mut self) {
        self.start_again().await;
    }

    /// Those who were registered are cut off from it for good, and it is made anew.
    async fn forgets(&mut self) {
        self.stop().await;
        for (_, keeper) in std::mem::take(&mut self.keepers) {
            keeper.vanish();
        }
        self.start_empty().await;
    }
}
