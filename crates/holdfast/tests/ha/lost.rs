//! What is lost together with whoever sees to it: nobody starts it again, nobody kills what stands still.

use std::time::Duration;

use drill::{Goal, Load};
use holdfast::say;
use sqlx::{Connection as _, PgConnection, query};
use tokio::time::{Instant, sleep, timeout};

use crate::open::Shop;
use crate::strike::{SOME, strike};

/// How long etcd is away: longer than a lease.
const WITHOUT_ETCD: Duration = Duration::from_secs(30);
/// How often a process that has no primary is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_primary_that_is_lost_with_its_supervisor_is_replaced_when_its_lease_is_over() {
    let shop = Shop::open().await;
    strike(
        &shop,
        "lose the primary's node, its supervisor too",
        Goal::seconds(22),
        async |shop, load| {
            let name = shop.leader().await;
            shop.act(&format!("kill {name} stay")).await;
            let asked = ready_without(shop, &name).await;
            say::line(format_args!(
                "  no primary: /readyz of every service was 200, {asked} times"
            ));
            load.goes_on(SOME).await.unwrap();
            shop.act(&format!("resume {name}")).await;
        },
    )
    .await;
    strike(
        &shop,
        "freeze the primary's node, let it go on later",
        Goal::seconds(22),
        async |shop, load| {
            come_back(shop, load, "pause", "").await;
        },
    )
    .await;
    strike(
        &shop,
        "kill the primary's Patroni, for good",
        Goal::seconds(22),
        async |shop, load| {
            come_back(shop, load, "kill", ".patroni").await;
        },
    )
    .await;
    strike(
        &shop,
        "kill all three etcd, for 30 s",
        Goal::seconds(4),
        async |shop, load| {
            for number in 1..=3 {
                shop.act(&format!("kill etcd-{number} stay")).await;
            }
            sleep(WITHOUT_ETCD).await;
            load.goes_on(SOME).await.unwrap();
            for number in 1..=3 {
                shop.act(&format!("resume etcd-{number}")).await;
            }
        },
    )
    .await;
    shop.close().await;
}

/// Takes the leader away, by `deed` done to a `part` of it, until another leads; then lets it go on. It may take no write.
async fn come_back(shop: &Shop, load: &Load, deed: &str, part: &str) {
    let name = shop.leader().await;
    let mut wire = direct(shop, &name).await;
    shop.act(&format!("{deed} {name}{part} stay")).await;
    shop.replaced(&name).await;
    load.goes_on(SOME).await.unwrap();
    shop.act(&format!("resume {name}{part}")).await;
    let late = query("create table late (n int)").execute(&mut wire);
    let done = timeout(Duration::from_secs(3), late).await;
    assert!(
        !matches!(done, Ok(Ok(_))),
        "acknowledged by a primary that is none any more"
    );
}

async fn direct(shop: &Shop, name: &str) -> PgConnection {
    let cluster = shop.running.cluster();
    let url = cluster.node_url(cluster.node(name).unwrap(), "order", "order");
    PgConnection::connect(&url).await.unwrap()
}

/// Asks every service whether it is ready, over and over until another than `name` leads. Answers how often.
async fn ready_without(shop: &Shop, name: &str) -> usize {
    let (end, mut asked) = (Instant::now() + Duration::from_mins(1), 0);
    loop {
        for seat in shop.running.house().all() {
            let answer = reqwest::get(format!("http://{}/readyz", seat.admin()))
                .await
                .unwrap();
            assert_eq!(
                answer.status(),
                200,
                "{} without a primary: {:?}",
                seat.name(),
                answer.text().await
            );
            asked += 1;
        }
        if shop
            .running
            .cluster()
            .leader()
            .await
            .is_ok_and(|leader| leader.name() != name)
        {
            return asked;
        }
        assert!(Instant::now() < end, "nobody replaces {name}");
        sleep(LOOK).await;
    }
}
