//! A neighbour is gone or slow: what goes on without it, and what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use holdfast::house::{Kind, Place};
use reqwest::{Method, StatusCode};
use serde_json::json;
use testkit::Wire;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::books;
use crate::open::{SETTLED, Shop, settled, until_known, until_taken};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_user_service_products_orders_and_news_answer_and_placing_waits_for_it() {
    let shop = Shop::open().await;
    let mug = shop.shelve(5).await;
    let mut customer = shop.customer(10_000).await;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let before = until_known(&mut customer, "before", &body).await;

    shop.seat(Kind::User, 0).stop().await;

    for path in [
        "/v1/products",
        &format!("/v1/products/{mug}"),
        "/v1/news",
        "/v1/orders",
        &format!("/v1/orders/{}", before.id()),
    ] {
        let answer = customer.send(Method::GET, path, None, None).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    let placed = until_taken(&mut customer, "during", &body).await;
    assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);

    shop.seat(Kind::User, 0).start().await.unwrap();

    let order = settled(&mut customer, placed.id()).await;
    assert_eq!(order["status"], "confirmed");
    books::balance(&shop).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_whose_payment_is_two_seconds_slow_answers_within_its_deadline() {
    let shop = Shop::empty(false, &[], Place::Here).await;
    shop.house.add(Kind::User, &[]).await.unwrap();
    shop.house.add(Kind::News, &[]).await.unwrap();
    let slow = Wire::to(shop.seat(Kind::User, 0).addr()).await;
    let user = slow.addr().to_string();
    shop.house
        .add(Kind::Order, &[("USER_ADDRS", &user)])
        .await
        .unwrap();
    shop.house.add(Kind::Gateway, &[]).await.unwrap();
    shop.house.ready().await.unwrap();
    let mug = shop.shelve(5).await;
    let mut customer = shop.customer(10_000).await;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    until_known(&mut customer, "warm", &body).await;

    slow.delay(Duration::from_secs(2));
    let sent = Instant::now();
    let placed = customer.post("/v1/orders", "slow", &body).await.unwrap();
    let took = sent.elapsed();

    assert!(
        [StatusCode::CREATED, StatusCode::ACCEPTED].contains(&placed.status),
        "{}",
        placed.text
    );
    holdfast::say::line(format_args!(
        "answered {} after {:.1} s (goal 5.5 s)",
        placed.status,
        took.as_secs_f64()
    ));
    // A time fails only beyond three times its goal.
    assert!(took < 3 * Duration::from_millis(5500), "{took:?}");
    slow.delay(Duration::ZERO);
    let order = settled(&mut customer, placed.id()).await;
    assert_eq!(order["status"], "confirmed");
    books::balance(&shop).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_and_restarted_under_load_is_noticed_by_no_customer() {
    let shop = Shop::open().await;
    let mug = shop.shelve(100_000).await;
    let path = format!("/v1/products/{mug}");
    let customer = shop.customer(1_000_000).await;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let end = CancellationToken::new();
    let done = Arc::new(AtomicUsize::new(0));
    let load = (0..8).map(|number| {
        let (mut customer, path, body, end) =
            (customer.clone(), path.clone(), body.clone(), end.clone());
        let done = done.clone();
        tokio::spawn(async move {
            let mut sent = 0;
            while !end.is_cancelled() {
                let read = customer.send(Method::GET, &path, None, None).await.unwrap();
                assert_eq!(read.status, StatusCode::OK, "{}", read.text);
                let bought = customer
                    .post("/v1/orders", &format!("{number}-{sent}"), &body)
                    .await
                    .unwrap();
                assert!(bought.status.is_success(), "{}", bought.text);
                sent += 1;
                done.fetch_add(1, Ordering::Relaxed);
            }
            sent
        })
    });
    let load: Vec<_> = load.collect();
    let many_more = async || {
        let enough = done.load(Ordering::Relaxed) + 40;
        let limit = Instant::now() + SETTLED;
        while done.load(Ordering::Relaxed) < enough {
            let failed = load.iter().any(tokio::task::JoinHandle::is_finished);
            assert!(!failed && Instant::now() < limit, "customers do not go on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };

    many_more().await;
    shop.redis.kill().await;
    many_more().await;
    shop.redis.restart().await.unwrap();
    many_more().await;
    end.cancel();

    for customer in load {
        assert!(customer.await.unwrap() > 0);
    }
    books::balance(&shop).await;
    shop.close().await;
}
