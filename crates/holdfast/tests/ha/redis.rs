//! Redis stands still, is cut off, or is gone with all who watch over it: no customer notices.

use drill::Goal;
use holdfast::say;

use crate::open::Shop;
use crate::strike::{SOME, kill, strike};

/// All of it.
const ALL: [&str; 5] = [
    "redis-1",
    "redis-2",
    "sentinel-1",
    "sentinel-2",
    "sentinel-3",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_shop_whose_redis_fails_turns_nobody_away() {
    let shop = Shop::open().await;
    for (what, deed) in [
        ("freeze the Redis primary", "pause"),
        ("cut the Redis primary off", "cut"),
    ] {
        strike(
            &shop,
            what,
            Goal::seconds(1).unnoticed(),
            async |shop, load| {
                let name = shop.cache().await;
                shop.act(&format!("{deed} {name}")).await;
                let out = shop.cache_replaced(&name).await;
                load.goes_on(SOME).await.unwrap();
                shop.act(&format!("resume {name}")).await;
                say::line(format_args!(
                    "  the other one leads after {:.1} s (goal: 3 to 5)",
                    out.as_secs_f64()
                ));
            },
        )
        .await;
    }
    strike(
        &shop,
        "kill all Redis and all Sentinels",
        Goal::seconds(1).unnoticed(),
        async |shop, load| {
            for name in ALL {
                kill(shop, name).await;
            }
            load.goes_on(SOME).await.unwrap();
        },
    )
    .await;
    shop.close().await;
}
