//! A sale: more buyers than units.

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use reqwest::StatusCode;
use serde_json::json;

use crate::books;
use crate::open::{Shop, Wanted, until_known};

/// How many want one.
const BUYERS: usize = 200;
/// How many of them register at once: passwords are hashed a few at a time.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_buyers_100_get_one_of_100_units_and_100_hear_that_there_are_none() {
    let unlimited = &[("RATE_SIGN_IN", "1000000/1m")];
    let shop = Shop::wanted(Wanted {
        count: 2,
        own_pair: false,
        settings: unlimited,
    })
    .await;
    let mug = shop.shelve(100).await;
    let buyers = stream::iter(0..BUYERS).map(|_| shop.customer(1_000));
    let buyers: Vec<_> = buyers.buffer_unordered(AT_ONCE).collect().await;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});

    let buys = buyers.iter().enumerate().map(|(turn, buyer)| {
        let (mut buyer, body) = (buyer.at(shop.gateway(turn)), &body);
        async move { until_known(&mut buyer, "buy", body).await }
    });
    let answers = join_all(buys).await;

    let got = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::CREATED)
        .count();
    let none = answers
        .iter()
        .filter(|answer| answer.code() == "insufficient_stock")
        .count();
    assert_eq!(
        (got, none),
        (100, 100),
        "{:?}",
        answers
            .iter()
            .find(|answer| answer.status.is_server_error())
    );
    books::balance(&shop).await;
    assert_eq!(books::count(&shop, "confirmed").await, 100);
    let left: i64 = sqlx::query_scalar("select free from stock")
        .fetch_one(shop.order.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
    shop.close().await;
}
