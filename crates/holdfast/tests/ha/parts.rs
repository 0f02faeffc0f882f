//! Every part is killed or frozen, one after the other, and comes back.

use drill::{Goal, Load};

use crate::open::{Shop, until};
use crate::short::freeze;
use crate::strike::{SOME, kill, lose, strike};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_shop_whose_database_fails_in_part_takes_orders() {
    let shop = Shop::open().await;
    strike(
        &shop,
        "kill the primary's Patroni and Postgres",
        Goal::seconds(8),
        async |shop, _| {
            let name = shop.leader().await;
            kill(shop, &name).await;
            shop.replaced(&name).await;
        },
    )
    .await;
    strike(
        &shop,
        "kill the primary's Patroni alone",
        Goal::seconds(22),
        async |shop, _| {
            let name = shop.leader().await;
            kill(shop, &format!("{name}.patroni")).await;
        },
    )
    .await;
    strike(
        &shop,
        "switchover",
        Goal::seconds(4).one_retry(),
        async |shop, _| {
            shop.act("switchover").await;
        },
    )
    .await;
    strike(
        &shop,
        "kill the synchronous replica",
        Goal::seconds(10),
        async |shop, _| {
            let name = shop.standby().await;
            kill(shop, &name).await;
        },
    )
    .await;
    strike(
        &shop,
        "freeze the synchronous replica's Postgres",
        Goal::seconds(10),
        async |shop, _| {
            let node = shop
                .running
                .cluster()
                .node(&shop.standby().await)
                .unwrap()
                .clone();
            let before = node.postmaster();
            shop.act(&format!("pause {}.postgres", node.name())).await;
            until("what stands still is killed", async || {
                node.postmaster() != before
            })
            .await;
        },
    )
    .await;
    strike(
        &shop,
        "freeze the synchronous replica, its Patroni too",
        Goal::seconds(10),
        async |shop, _| {
            let name = shop.standby().await;
            freeze(shop, &name).await;
        },
    )
    .await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_shop_of_which_one_instance_is_killed_takes_orders() {
    let shop = Shop::open().await;
    let goal = Goal::seconds(1).one_retry();
    for name in [
        "order-1",
        "user-2",
        "news-1",
        "gateway-2",
        "haproxy-1",
        "etcd-1",
    ] {
        strike(&shop, &format!("kill {name}"), goal, async |shop, load| {
            lose(shop, load, name).await;
        })
        .await;
    }
    // In mid-transaction it holds its rows until Postgres ends that, after 3 s.
    strike(
        &shop,
        "freeze order-2",
        Goal::seconds(5),
        async |shop, load| {
            frozen(shop, load, "order-2").await;
        },
    )
    .await;
    shop.close().await;
}

async fn frozen(shop: &Shop, load: &Load, name: &str) {
    shop.act(&format!("pause {name}")).await;
    load.goes_on(SOME * 3).await.unwrap();
    shop.act(&format!("resume {name}")).await;
}
