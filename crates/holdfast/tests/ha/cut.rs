//! Parts that nobody reaches any more, though they run: their wires are cut, under a load of orders.

use drill::Goal;

use crate::open::Shop;
use crate::strike::{SOME, strike};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_shop_of_which_a_part_is_cut_off_takes_orders() {
    let shop = Shop::open().await;
    strike(
        &shop,
        "cut off the primary's node",
        Goal::seconds(22),
        async |shop, load| {
            let name = shop.leader().await;
            shop.act(&format!("cut {name}")).await;
            shop.replaced(&name).await;
            load.goes_on(SOME).await.unwrap();
            shop.act(&format!("resume {name}")).await;
        },
    )
    .await;
    strike(
        &shop,
        "cut off the Redis primary",
        Goal::seconds(1).unnoticed(),
        async |shop, load| {
            let name = shop.cache().await;
            shop.act(&format!("cut {name}")).await;
            shop.cache_replaced(&name).await;
            load.goes_on(SOME).await.unwrap();
            shop.act(&format!("resume {name}")).await;
        },
    )
    .await;
    let (inside, door) = (Goal::seconds(1).one_retry(), Goal::seconds(1));
    for (name, goal) in [
        ("order-1", inside),
        ("user-2", inside),
        ("news-1", inside),
        // Until HAProxy has seen it, for some tenths of a second, every second attempt fails.
        ("gateway-2", door),
    ] {
        strike(
            &shop,
            &format!("cut off {name}"),
            goal,
            async |shop, load| {
                shop.act(&format!("cut {name}")).await;
                load.goes_on(SOME).await.unwrap();
                shop.act(&format!("resume {name}")).await;
            },
        )
        .await;
    }
    shop.close().await;
}
