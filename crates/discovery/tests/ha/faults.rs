//! Parts of the registry fail, and those who are registered there.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use discovery::{Instance, Source};
use stack::Wire;
use tokio::time::Instant;

use crate::registry::{LEASE, Registry, instance};
use crate::same::{ANN, BOB, CYD, Knows as _, LIMIT, Seen, at};

/// The longest that is allowed: whoever is gone sooner has said goodbye.
const LONG: Duration = Duration::from_secs(15);
/// How much later than a lease its end may be seen: etcd looks for leases that ran out twice a second, and this machine may
/// be busy.
const LATE: Duration = Duration::from_secs(10);
/// Names the registry to a copy of this program, which is an instance then.
const REGISTRY: &str = "HOLDFAST_TEST_REGISTRY";

/// Another process that is registered, to be killed.
struct Other(Child);

impl Other {
    fn start(registry: &Registry) -> Self {
        let program = std::env::current_exe().unwrap();
        let test = "faults::an_instance_of_another_process";
        let child = Command::new(program)
            .args([test, "--exact", "--ignored", "--nocapture"])
            .env(REGISTRY, registry.source())
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // SIGKILL; one that has ended already needs none.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// No test by itself: [`Other`] runs it.
#[tokio::test]
#[ignore = "an instance for other tests"]
#[allow(
    clippy::disallowed_methods,
    reason = "how the test that starts it tells it where"
)]
async fn an_instance_of_another_process() {
    let Ok(registry) = std::env::var(REGISTRY) else {
        return;
    };
    let Ok(Source::Etcd(etcd)) = registry.parse() else {
        panic!("{registry}");
    };
    let (listed, _) = tokio::sync::watch::channel(false);
    let forever = std::future::pending();
    etcd.keep(
        "order",
        &instance("order-9", CYD, ""),
        LEASE,
        listed,
        forever,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn a_killed_instance_leaves_the_list_within_its_lease() {
    let mut registry = Registry::start().await;
    registry.says(&[ANN, BOB]).await;
    let mut seen = Seen::of(&registry);
    let other = Other::start(&registry);
    seen.until_at(&[ANN, BOB, CYD]).await;

    drop(other);
    let killed = Instant::now();
    seen.until_at(&[ANN, BOB]).await;

    assert!(killed.elapsed() < LEASE + LATE, "{:?}", killed.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn whoever_says_goodbye_leaves_the_list_at_once() {
    let registry = Registry::start().await;
    let ann = registry.register(instance("ann", ANN, ""), LONG).await;
    let bob = registry.register(instance("bob", BOB, ""), LONG).await;
    let mut seen = Seen::of(&registry);
    seen.until_at(&[ANN, BOB]).await;

    let asked = Instant::now();
    ann.leave().await;
    bob.leave().await;
    seen.until(<[Instance]>::is_empty).await;

    assert!(asked.elapsed() < LONG / 2, "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn the_list_stays_for_as_long_as_etcd_is_gone_and_everybody_registers_again_when_it_is_whole()
{
    etcd_is_gone_for_half_a_minute(async |registry: &Registry| registry.start_again().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn the_list_stays_for_as_long_as_etcd_is_gone_and_everybody_registers_again_when_it_is_empty()
{
    etcd_is_gone_for_half_a_minute(async |registry: &Registry| registry.start_empty().await).await;
}

async fn etcd_is_gone_for_half_a_minute(comes_back: impl AsyncFnOnce(&Registry)) {
    let registry = Registry::start().await;
    let mut keepers = Vec::new();
    for (id, addr) in [("ann", ANN), ("bob", BOB), ("cyd", CYD)] {
        keepers.push(registry.register(instance(id, addr, ""), LEASE).await);
    }
    let mut seen = Seen::of(&registry);
    seen.until_at(&[ANN, BOB, CYD]).await;
    let watching = tokio::spawn(async move {
        // Nobody ever hears of a list with somebody missing.
        seen.ever(|list| list.len() != 3).await
    });

    let gone = Instant::now();
    registry.stop().await;
    tokio::time::sleep_until(gone + Duration::from_secs(30)).await; // That long, whatever else happens.
    comes_back(&registry).await;
    for keeper in &mut keepers {
        keeper.is_listed().await;
    }

    // Somebody who comes now and knows nothing finds them all.
    Seen::of(&registry).until_at(&[ANN, BOB, CYD]).await;
    assert!(!watching.is_finished(), "{:?}", watching.await);
    watching.abort();
    for keeper in keepers {
        keeper.leave().await;
    }
    Seen::of(&registry).until(<[Instance]>::is_empty).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn without_one_member_killed_or_frozen_the_list_is_followed() {
    let mut registry = Registry::start().await;
    registry.says(&[ANN]).await;
    let mut seen: Vec<Seen> = (0..6).map(|_| Seen::of(&registry)).collect();
    for seen in &mut seen {
        seen.until_at(&[ANN]).await;
    }

    registry.members[0].process().kill().await;
    registry.says(&[ANN, BOB]).await;
    for seen in &mut seen {
        seen.until_at(&[ANN, BOB]).await;
    }
    registry.members[0].process().start_again().unwrap();
    registry.members[0].ready().await.unwrap();
    registry.members[1].process().pause();
    registry.says(&[ANN, BOB, CYD]).await;

    for seen in &mut seen {
        seen.until_at(&[ANN, BOB, CYD]).await;
    }
    registry.members[1].process().resume();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn a_zone_that_dies_is_withdrawn_though_most_were_in_it() {
    let registry = Registry::start().await;
    let mut dying = Vec::new();
    for (id, addr) in [("ann", ANN), ("bob", BOB), ("cyd", CYD)] {
        dying.push(registry.register(instance(id, addr, "a"), LEASE).await);
    }
    let eve = "127.0.0.5:7000";
    let _eve = registry.register(instance("eve", eve, "b"), LEASE).await;
    let mut seen = Seen::of(&registry);
    seen.until(|list| list.len() == 4).await;

    for keeper in dying {
        keeper.vanish();
    }

    seen.until_at(&[eve]).await;
}

/// A registry over wires that can be cut, and who is seen over them.
async fn over_wires(registry: &Registry) -> (Vec<Wire>, Seen) {
    let mut wires = Vec::new();
    for member in &registry.members {
        wires.push(Wire::to(format!("127.0.0.1:{}", member.port())).await);
    }
    let ports = wires.iter().map(|wire| wire.addr().port());
    let seen = Seen::over(&Registry::at(ports), &registry.access());
    (wires, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn a_watch_goes_on_where_it_broke_off_and_misses_no_goodbye() {
    let mut registry = Registry::start().await;
    registry.says(&[ANN, BOB, CYD]).await;
    let (wires, mut seen) = over_wires(&registry).await;
    seen.until_at(&[ANN, BOB, CYD]).await;

    wires.iter().for_each(Wire::cut);
    registry.says(&[ANN]).await;
    wires.iter().for_each(Wire::heal);

    // Two of three have vanished meanwhile: only those who said so are not missed.
    seen.until_at(&[ANN]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn what_etcd_has_forgotten_meanwhile_is_listed_anew() {
    let mut registry = Registry::start().await;
    registry.says(&[ANN, BOB]).await;
    let (wires, mut seen) = over_wires(&registry).await;
    seen.until_at(&[ANN, BOB]).await;

    wires.iter().for_each(Wire::cut);
    registry.says(&[ANN, BOB, CYD]).await;
    compact(&registry).await;
    wires.iter().for_each(Wire::heal);

    seen.until_at(&[ANN, BOB, CYD]).await;
    registry.says(&[ANN, BOB]).await;
    seen.until_at(&[ANN, BOB]).await;
}

/// Has etcd forget all that happened so far.
async fn compact(registry: &Registry) {
    let url = format!("http://127.0.0.1:{}/v3/kv", registry.members[0].port());
    let http = reqwest::Client::new();
    let ask = async |what: &str, body: serde_json::Value| -> serde_json::Value {
        let asked = http.post(format!("{url}/{what}")).json(&body).send();
        let answer = asked.await.unwrap().error_for_status().unwrap();
        answer.json().await.unwrap()
    };
    let now = ask("range", serde_json::json!({"key": "AA=="})).await;
    let revision = now["header"]["revision"].clone();
    ask(
        "compaction",
        serde_json::json!({"revision": revision, "physical": true}),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn an_instance_that_moves_is_called_at_its_new_address_alone() {
    let registry = Registry::start().await;
    let old = registry.register(instance("ann", ANN, ""), LEASE).await;
    let mut seen = Seen::of(&registry);
    seen.until_at(&[ANN]).await;

    // Killed, and started again elsewhere before its lease has run out.
    old.vanish();
    let _new = registry.register(instance("ann", BOB, ""), LEASE).await;
    let list = seen.until(|list| at(list) != [ANN]).await;

    assert_eq!(at(&list), [BOB]);
    seen.stays().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn a_key_that_somebody_deleted_is_written_again() {
    let registry = Registry::start().await;
    let _ann = registry.register(instance("ann", ANN, ""), LEASE).await;
    let key = "aG9sZGZhc3Qvb3JkZXIvYW5u"; // holdfast/order/ann
    let url = format!("http://127.0.0.1:{}/v3/kv", registry.members[0].port());
    let http = reqwest::Client::new();
    let count = async |what: &str, field: &str| -> Option<String> {
        let asked = http.post(format!("{url}/{what}"));
        let asked = asked.json(&serde_json::json!({"key": key})).send();
        let answer: serde_json::Value = asked.await.unwrap().json().await.unwrap();
        answer[field].as_str().map(str::to_owned)
    };

    assert_eq!(count("deleterange", "deleted").await.as_deref(), Some("1"));

    let back = async {
        while count("range", "count").await.as_deref() != Some("1") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, back).await.unwrap();
}
