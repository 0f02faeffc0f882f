//! Redis under Sentinels is lost, in part and as a whole: no customer sees an error.

use std::time::Duration;

use drill::Customer;
use reqwest::Method;
use testkit::RedisHa;
use tokio::time::{Instant, sleep};

use crate::books;
use crate::open::{SETTLED, Shop, Wanted};
use crate::served::Served;

async fn another_leads(redis: &RedisHa, before: &str) {
    let end = Instant::now() + SETTLED;
    while redis.primary().await.is_ok_and(|now| now.name() == before) {
        assert!(Instant::now() < end, "nobody took over");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_primary_of_redis_and_then_all_of_it_is_noticed_by_no_customer() {
    let redis = testkit::redis_ha().await;
    let url = redis.url();
    let shop = Shop::wanted(Wanted {
        count: 2,
        own_pair: false,
        settings: &[("REDIS_URL", &url)],
    })
    .await;
    let mug = shop.shelve(100_000).await;
    let customer = shop.customer(1_000_000).await;
    let load = Served::begin((0..4).map(|turn| customer.at(shop.gateway(turn))), &mug);
    load.goes_on().await;

    let primary = redis.primary().await.unwrap();
    primary.process().kill().await;
    load.goes_on().await;
    another_leads(&redis, primary.name()).await;
    load.goes_on().await;
    for server in redis.servers() {
        server.process().kill().await;
    }
    for sentinel in redis.sentinels() {
        sentinel.process().kill().await;
    }
    load.goes_on().await;
    let mut stranger = Customer::of(shop.gateway(0));
    let ready = stranger
        .send(Method::GET, "/readyz", None, None)
        .await
        .unwrap();
    assert!(
        ready.text.contains("redis"),
        "it was not used: {}",
        ready.text
    );

    let longest = load.end().await;
    holdfast::say::line(format_args!(
        "Redis lost in part and as a whole: no customer turned away, slowest look and order {} ms",
        longest.as_millis()
    ));
    books::balance(&shop).await;
    shop.close().await;
}
