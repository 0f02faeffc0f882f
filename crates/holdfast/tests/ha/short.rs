//! The faults that matter most, in one shop: the short set of `make test-ha`.

use drill::Goal;
use holdfast::house::Kind;

use crate::open::{Shop, until};
use crate::strike::{SOME, kill, lose, strike};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn short_a_shop_whose_primary_replica_redis_or_service_fails_takes_orders() {
    let shop = Shop::open().await;
    nobody_speaks_without_a_proof(&shop).await;
    strike(
        &shop,
        "kill -9 the primary's postmaster",
        // No more is said of retries: where the other standby was ahead it is rewound first, for longer than an answer may take.
        Goal::seconds(4),
        async |shop, _| {
            let name = shop.leader().await;
            kill(shop, &format!("{name}.postgres")).await;
            shop.replaced(&name).await;
        },
    )
    .await;
    strike(
        &shop,
        "freeze the primary's node",
        Goal::seconds(22),
        async |shop, _| {
            let name = shop.leader().await;
            freeze(shop, &name).await;
        },
    )
    .await;
    strike(
        &shop,
        "freeze the synchronous replica",
        Goal::seconds(10),
        async |shop, _| {
            let name = shop.standby().await;
            freeze(shop, &name).await;
        },
    )
    .await;
    strike(
        &shop,
        "kill the Redis primary",
        Goal::seconds(1).unnoticed(),
        async |shop, load| {
            let name = shop.cache().await;
            kill(shop, &name).await;
            shop.cache_replaced(&name).await;
            load.goes_on(SOME).await.unwrap();
        },
    )
    .await;
    strike(
        &shop,
        "kill one order service",
        Goal::seconds(1).one_retry(),
        async |shop, load| {
            lose(shop, load, "order-1").await;
        },
    )
    .await;
    shop.close().await;
}

/// Asks every service inside for its health, over plain HTTP/2.
async fn nobody_speaks_without_a_proof(shop: &Shop) {
    let client = reqwest::Client::builder().http2_prior_knowledge();
    let client = client.build().unwrap();
    let inside = shop.running.house().all().into_iter();
    for seat in inside.filter(|seat| seat.kind() != Kind::Gateway) {
        let url = format!("http://{}/grpc.health.v1.Health/Check", seat.shown());
        let answer = client.post(url).send().await;
        assert!(answer.is_err(), "{} answers: {answer:?}", seat.name());
    }
}

/// Freezes a database node, and waits until its supervisor has killed it for that.
pub(crate) async fn freeze(shop: &Shop, name: &str) {
    let node = shop.running.cluster().node(name).unwrap().clone();
    let before = node.process().pid();
    shop.act(&format!("pause {name}")).await;
    until("what stands still is killed", async || {
        node.process().pid() != before
    })
    .await;
}
