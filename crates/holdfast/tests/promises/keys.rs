//! One key, one order: on any instance, for ever.

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use crate::books;
use crate::open::{Shop, Wanted, settled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_sent_100_times_at_once_over_two_gateways_is_one_order_and_one_charge() {
    let shop = Shop::wanted(Wanted {
        count: 2,
        own_pair: false,
        settings: &[],
    })
    .await;
    let mug = shop.shelve(1000).await;
    let customer = shop.customer(10_000).await;
    let body = json!({"items": [{"product_id": mug, "quantity": 2}]});

    let sends = (0..100).map(|turn| {
        let mut customer = customer.at(shop.gateway(turn));
        let body = body.clone();
        async move { customer.post("/v1/orders", "one-key", &body).await.unwrap() }
    });
    let answers = join_all(sends).await;

    let ids: BTreeSet<String> = answers
        .iter()
        .map(|answer| answer.id().to_owned())
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let settled: BTreeSet<&str> = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::CREATED)
        .map(|answer| answer.text.as_str())
        .collect();
    assert_eq!(settled.len(), 1, "settled answers differ: {settled:?}");
    for answer in &answers {
        let fine = [StatusCode::CREATED, StatusCode::ACCEPTED].contains(&answer.status);
        assert!(fine, "{}: {}", answer.status, answer.text);
    }
    books::balance(&shop).await;
    assert_eq!(books::count(&shop, "confirmed").await, 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_order_s_key_gives_the_same_refusal_after_there_is_money() {
    let shop = Shop::open().await;
    let mug = shop.shelve(10).await;
    let mut customer = shop.customer(500).await;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let first = customer.post("/v1/orders", "poor", &body).await.unwrap();
    customer.top_up("more", 100_000, "USD").await.unwrap();

    let again = customer.post("/v1/orders", "poor", &body).await.unwrap();
    let other = customer.post("/v1/orders", "rich", &body).await.unwrap();

    assert_eq!(first.status, StatusCode::PAYMENT_REQUIRED, "{}", first.text);
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert!(again.replayed && !first.replayed);
    assert_eq!(other.status, StatusCode::CREATED, "{}", other.text);
    books::balance(&shop).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_belongs_to_one_customer_one_route_and_one_request() {
    let shop = Shop::open().await;
    let mug = shop.shelve(10).await;
    let (mut ann, mut bob) = (shop.customer(100_000).await, shop.customer(100_000).await);
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let more = json!({"items": [{"product_id": mug, "quantity": 2}]});
    let top_up = json!({"amount": {"amount": 5, "currency": "USD"}});

    let hers = ann.post("/v1/orders", "k", &body).await.unwrap();
    let his = bob.post("/v1/orders", "k", &body).await.unwrap();
    let route = ann
        .post("/v1/me/wallet/topups", "k", &top_up)
        .await
        .unwrap();
    let request = ann.post("/v1/orders", "k", &more).await.unwrap();

    assert_eq!(
        (hers.status, his.status),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    assert_ne!(hers.id(), his.id());
    assert_eq!(route.status, StatusCode::CREATED, "{}", route.text);
    assert_eq!(
        request.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        request.text
    );
    let order = settled(&mut ann, hers.id()).await;
    assert_eq!(order["status"], "confirmed");
    books::balance(&shop).await;
    shop.close().await;
}
