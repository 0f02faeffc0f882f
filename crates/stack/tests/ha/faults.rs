//! Each part fails in each way. The tables of these figures are in docs/decisions/failover-timings.md.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, query};
use stack::{Cluster, Etcd, Node, Part, Plan};
use tokio::time::{Instant, sleep, timeout};

use crate::scene::{HEALED, Scene, goal, writes_go_on};

/// How often what has a median to show is done.
const ROUNDS: usize = 3;

async fn leader(scene: &Scene) -> Arc<Node> {
    scene.cluster.leader().await.unwrap().clone()
}

async fn standby(scene: &Scene) -> Arc<Node> {
    scene.cluster.standby().await.unwrap().clone()
}

/// Waits until another than `node` leads.
async fn replaced(cluster: &Cluster, node: &Node) {
    let end = Instant::now() + HEALED;
    while cluster
        .leader()
        .await
        .is_ok_and(|leader| leader.name() == node.name())
        || cluster.leader().await.is_err()
    {
        assert!(Instant::now() < end, "{} is still the leader", node.name());
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_killed_primary_is_replaced() {
    let scene = Scene::set(true).await;
    for _ in 0..ROUNDS {
        scene
            .strike(
                "kill -9 the primary's postmaster",
                goal(1, 4),
                async |scene, _| {
                    leader(scene).await.kill(Part::Postgres).await;
                },
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_killed_node_is_replaced_and_comes_back() {
    let scene = Scene::set(true).await;
    for _ in 0..ROUNDS {
        scene
            .strike(
                "kill the primary's Patroni and Postgres",
                goal(2, 8),
                async |scene, _| {
                    leader(scene).await.kill(Part::Node).await;
                },
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_frozen_node_is_killed_and_replaced() {
    let scene = Scene::set(true).await;
    for (part, what) in [
        (Part::Node, "freeze the primary's Patroni and Postgres"),
        (Part::Postgres, "freeze the primary's Postgres"),
        (Part::Patroni, "freeze the primary's Patroni"),
    ] {
        scene
            .strike(what, goal(8, 22), async |scene, _| {
                let node = leader(scene).await;
                let before = (node.process().pid(), node.postmaster());
                node.pause(part);
                killed(&node, part, before).await;
            })
            .await;
    }
}

/// Waits until what was frozen of `node` is no more.
async fn killed(node: &Node, part: Part, before: (Option<u32>, Option<u32>)) {
    let end = Instant::now() + HEALED;
    let gone = || match part {
        Part::Postgres => node.postmaster() != before.1,
        Part::Patroni | Part::Node => node.process().pid() != before.0,
    };
    while !gone() {
        assert!(Instant::now() < end, "{} still stands still", node.name());
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_lost_node_is_replaced_when_its_lease_is_over() {
    let scene = Scene::set(false).await;
    scene
        .strike(
            "lose the primary's node, its supervisor too",
            goal(22, 22),
            async |scene, load| {
                let lost = leader(scene).await;
                lost.kill(Part::Node).await;
                replaced(&scene.cluster, &lost).await;
                writes_go_on(load).await;
                lost.process().start_again().unwrap();
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_node_that_slept_through_its_replacement_takes_no_write_and_rejoins() {
    let scene = Scene::set(false).await;
    scene
        .strike(
            "freeze the primary's node, let it go on later",
            goal(22, 22),
            async |scene, load| {
                let slept = leader(scene).await;
                let mut wire = direct(scene, &slept).await;
                slept.pause(Part::Node);
                replaced(&scene.cluster, &slept).await;
                writes_go_on(load).await;
                slept.resume(Part::Node);
                refused(&mut wire).await;
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_primary_without_its_patroni_acknowledges_nothing_after_the_promotion() {
    let scene = Scene::set(false).await;
    scene
        .strike(
            "kill the primary's Patroni only, for good",
            goal(22, 22),
            async |scene, load| {
                let zombie = leader(scene).await;
                let mut wire = direct(scene, &zombie).await;
                zombie.kill(Part::Patroni).await;
                replaced(&scene.cluster, &zombie).await;
                assert!(
                    zombie.postmaster().is_some(),
                    "a zombie is what this is about"
                );
                writes_go_on(load).await;
                refused(&mut wire).await;
                zombie.process().start_again().unwrap();
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_killed_patroni_takes_its_postgres_up_again() {
    let scene = Scene::set(true).await;
    scene
        .strike(
            "kill the primary's Patroni only",
            goal(4, 22),
            async |scene, _| {
                leader(scene).await.kill(Part::Patroni).await;
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_standby_that_is_killed_or_frozen_is_not_waited_for() {
    let scene = Scene::set(true).await;
    scene
        .strike(
            "kill the synchronous replica",
            goal(4, 10),
            async |scene, _| {
                standby(scene).await.kill(Part::Node).await;
            },
        )
        .await;
    for (part, what) in [
        (Part::Postgres, "freeze the synchronous replica's Postgres"),
        (
            Part::Node,
            "freeze the synchronous replica, its Patroni too",
        ),
    ] {
        scene
            .strike(what, goal(6, 10), async |scene, _| {
                standby(scene).await.pause(part);
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn the_lead_is_handed_over() {
    let scene = Scene::set(true).await;
    for _ in 0..ROUNDS {
        scene
            .strike("switchover", goal(1, 4), async |scene, _| {
                scene.cluster.switch_over().await.unwrap();
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn writes_go_on_without_etcd() {
    let scene = Scene::set(false).await;
    scene
        .strike("kill one etcd", goal(1, 1), async |scene, load| {
            let killed = &scene.cluster.etcd()[0];
            killed.process().kill().await;
            writes_go_on(load).await;
            killed.process().start_again().unwrap();
        })
        .await;
    scene
        .strike(
            "kill all three etcd for 30 s",
            goal(1, 4),
            async |scene, _| {
                let all = scene.cluster.etcd();
                for member in all {
                    member.process().kill().await;
                }
                // Longer than the lease: this is what failsafe mode is for.
                sleep(Duration::from_secs(30)).await;
                for member in all {
                    member.process().start_again().unwrap();
                }
                answer(all).await;
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn one_haproxy_is_enough() {
    let scene = Scene::set(true).await;
    scene
        .strike("kill one HAProxy", goal(1, 3), async |scene, _| {
            scene.cluster.haproxies()[0].process().kill().await;
        })
        .await;
}

/// A row that is on one node alone, and to be seen there.
const HASTY: &str = "set synchronous_commit = local; insert into t values (2)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn what_followers_were_not_sent_is_not_there_when_the_standby_leads() {
    let plan = Plan {
        supervised: false,
        wired: true,
        ..Plan::scratch().unwrap()
    };
    let cluster = Cluster::start(plan).await.unwrap();
    let lost = cluster.leader().await.unwrap().clone();
    let make = "create table t as select 1 as n";
    lost.run("postgres", make).await.unwrap();
    cluster.starve(lost.name());
    lost.run("postgres", HASTY).await.unwrap();

    lost.kill(Part::Node).await;
    replaced(&cluster, &lost).await;

    let leader = cluster.leader().await.unwrap();
    let rows = leader.run("postgres", "select count(*) from t").await;
    assert_eq!(rows.unwrap(), "1");
    cluster.heal();
    lost.process().start_again().unwrap();
    cluster.in_step().await.unwrap();
}

async fn answer(all: &[Etcd]) {
    let end = Instant::now() + HEALED;
    for member in all {
        while !member.healthy().await {
            assert!(Instant::now() < end, "{} does not come back", member.name());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn direct(scene: &Scene, node: &Node) -> PgConnection {
    let url = scene.cluster.node_url(node, "postgres", "postgres");
    PgConnection::connect(&url).await.unwrap()
}

/// Tries a write on an old connection, which must not be acknowledged. What is under way may still be: the promise is about
/// what is found later, and that is looked at for all writes together.
async fn refused(wire: &mut PgConnection) {
    let row = query("insert into t (n) values (-1)").execute(&mut *wire);
    let done = timeout(Duration::from_secs(3), row).await;
    assert!(
        !matches!(done, Ok(Ok(_))),
        "acknowledged by a primary that is none any more"
    );
}
