//! Services that find each other in a real etcd: part of `make test-ha`, since it needs more packages than other tests do.
#![cfg(test)]

#[path = "../service/tiny.rs"]
#[allow(
    dead_code,
    reason = "made for the tests of `service`, which use all of it"
)]
mod tiny;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chassis::Env;
use discovery::kubernetes::Access;
use discovery::{Channel, Directory, Source};
use stack::{Etcd, Folder};
use tiny::{Tiny, ask};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long anything may take to be noticed.
const LIMIT: Duration = Duration::from_mins(1);
const CALLERS: usize = 8;

/// Three members of etcd.
struct Registry {
    // Before its folder, which goes when they have ended.
    members: Vec<Etcd>,
    _folder: Folder,
}

impl Registry {
    async fn start() -> Self {
        let folder = Folder::scratch().unwrap();
        Self {
            members: Etcd::three(&folder).await.unwrap(),
            _folder: folder,
        }
    }

    fn setting(&self) -> String {
        let member = |member: &Etcd| format!("127.0.0.1:{}", member.port());
        let members: Vec<String> = self.members.iter().map(member).collect();
        format!("etcd://{}", members.join(","))
    }

    /// Starts an instance by this name, which answers by it, and returns when it is ready.
    async fn instance(&self, name: &str, more: [(&'static str, &str); 1]) -> Tiny {
        let registry = self.setting();
        let [more] = more;
        let settings = [
            ("REGISTRY", &*registry),
            ("INSTANCE", name),
            ("GREETING", name),
            more,
        ];
        let tiny = Tiny::start(settings).await;
        tiny.outside.database.store(true, Ordering::SeqCst);
        assert_eq!(tiny.admin("/readyz").await.0, 200);
        tiny
    }

    fn channel(&self) -> Channel {
        let env = Env::local([("TINY_ADDRS", self.setting())]);
        env.knowing(tiny::config::SETTINGS).channel("tiny").unwrap()
    }

    /// Waits until these are listed and no others.
    async fn lists(&self, names: &[&str]) {
        let source: Source = self.setting().parse().unwrap();
        let mut list = source.open("tiny", &Access::default()).watch();
        let so = list.wait_for(|list| {
            let ready = list.iter().filter(|one| one.ready);
            ready.map(|one| one.id.as_str()).eq(names.iter().copied())
        });
        let seen = tokio::time::timeout(LIMIT, so).await.is_ok();
        assert!(seen, "{names:?} are not listed: {:?}", list.borrow());
    }
}

/// Callers who never pause.
struct Callers {
    answered: Arc<Mutex<BTreeSet<String>>>,
    failed: Arc<AtomicUsize>,
    end: CancellationToken,
    tasks: JoinSet<()>,
}

impl Callers {
    fn begin(channel: &Channel) -> Self {
        let (answered, failed) = (Arc::<Mutex<BTreeSet<String>>>::default(), Arc::default());
        let (end, mut tasks) = (CancellationToken::new(), JoinSet::new());
        for _ in 0..CALLERS {
            let (channel, end) = (channel.clone(), end.clone());
            let (answered, failed) = (answered.clone(), Arc::<AtomicUsize>::clone(&failed));
            tasks.spawn(async move {
                while !end.is_cancelled() {
                    // One retry is everybody's.
                    let mut answer = ask(&channel, "greet").await;
                    if answer.is_err() {
                        answer = ask(&channel, "greet").await;
                    }
                    match answer {
                        Ok(cart) => drop(answered.lock().unwrap().insert(cart.id)),
                        Err(_) => drop(failed.fetch_add(1, Ordering::SeqCst)),
                    }
                }
            });
        }
        Self {
            answered,
            failed,
            end,
            tasks,
        }
    }

    /// Waits until these have answered from now on; answers who has.
    async fn hear(&self, names: &[&str]) -> BTreeSet<String> {
        self.answered.lock().unwrap().clear();
        let heard = async {
            loop {
                let answered = self.answered.lock().unwrap().clone();
                if names.iter().all(|name| answered.contains(*name)) {
                    return answered;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LIMIT, heard).await.unwrap()
    }

    async fn end(mut self) -> usize {
        self.end.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.failed.load(Ordering::SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn no_call_fails_while_a_registered_service_grows_from_one_to_three_and_shrinks_again() {
    let registry = Registry::start().await;
    let start = async |name| registry.instance(name, [("DRAIN_GRACE", "2s")]).await;
    let ann = start("ann").await;
    registry.lists(&["ann"]).await;
    let callers = Callers::begin(&registry.channel());
    callers.hear(&["ann"]).await;

    let (bob, cyd) = (start("bob").await, start("cyd").await);
    callers.hear(&["ann", "bob", "cyd"]).await;
    tokio::join!(bob.running.stop(), cyd.running.stop());
    let left = callers.hear(&["ann"]).await;

    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(callers.end().await, 0);
    ann.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn an_instance_is_registered_once_it_is_ready_and_deregistered_before_it_drains() {
    let registry = Registry::start().await;
    let _ann = registry.instance("ann", [("ZONE", "a")]).await;
    let setting = registry.setting();
    let bob = [
        ("REGISTRY", &*setting),
        ("INSTANCE", "bob"),
        ("DRAIN_GRACE", "30s"),
    ];
    let bob = Tiny::start(bob).await;
    registry.lists(&["ann"]).await;
    assert!(
        bob.admin("/readyz").await.1.contains("registry"),
        "it tells what it misses"
    );
    bob.outside.database.store(true, Ordering::SeqCst);
    registry.lists(&["ann", "bob"]).await;
    let channel = bob.running.channel();

    let stopping = tokio::spawn(bob.running.stop());
    registry.lists(&["ann"]).await;

    assert!(!stopping.is_finished());
    assert!(ask(&channel, "greet").await.is_ok());
    stopping.abort();
}
