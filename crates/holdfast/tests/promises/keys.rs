//! One key, one order: on any instance, for ever.

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use crate::books;
use crate::open::{PATIENT, Shop, Wanted};
use crate::people::Person;

async fn two_of_each() -> Shop {
    let wanted = Wanted {
        count: 2,
        own_pair: false,
        settings: &[PATIENT, ("MIN_IN_FLIGHT", "256")],
    };
    Shop::wanted(wanted).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_sent_100_times_at_once_over_two_gateways_is_one_order_and_one_charge() {
    let shop = two_of_each().await;
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
async fn a_refused_order_s_key_gives_the_same_refusal_everywhere_after_what_was_wanting_is_there() {
    let shop = two_of_each().await;
    let mug = shop.shelve(10).await;
    let mut admin = Person::join(&shop, "admin").await;
    let rare = json!({"sku": "RARE", "name": "Vase", "category": "Tests", "price": {"amount": 1, "currency": "USD"}});
    let (rare, _) = admin.makes("/v1/admin/products", &rare).await;
    let mut customer = shop.customer(500).await;
    let buy = |product: &str| json!({"items": [{"product_id": product, "quantity": 1}]});
    let poor = customer
        .post("/v1/orders", "poor", &buy(&mug))
        .await
        .unwrap();
    let none = customer
        .post("/v1/orders", "none", &buy(&rare))
        .await
        .unwrap();
    assert_eq!(
        (poor.status.as_u16(), poor.code()),
        (402, "payment_declined")
    );
    assert_eq!(
        (none.status.as_u16(), none.code()),
        (409, "insufficient_stock")
    );
    assert!(!poor.replayed && !none.replayed);
    customer.top_up("more", 100_000, "USD").await.unwrap();
    let restocks = format!("/v1/admin/products/{rare}/stock/restocks");
    admin.makes(&restocks, &json!({"quantity": 5})).await;

    // Each gateway asks the order services in turn.
    for turn in 0..8 {
        let mut there = customer.at(shop.gateway(turn));
        for (key, product, first) in [("poor", &mug, &poor), ("none", &rare, &none)] {
            let again = there.post("/v1/orders", key, &buy(product)).await.unwrap();

            assert_eq!((again.status, &again.text), (first.status, &first.text));
            assert!(again.replayed, "{turn} {key}");
        }
    }
    let other = customer
        .post("/v1/orders", "rich", &buy(&mug))
        .await
        .unwrap();
    assert_eq!(other.status, StatusCode::CREATED, "{}", other.text);
    books::balance(&shop).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_belongs_to_one_customer_one_route_and_one_request_everywhere() {
    let shop = two_of_each().await;
    let mug = shop.shelve(10).await;
    let (mut ann, mut bob) = (shop.customer(100_000).await, shop.customer(100_000).await);
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let more = json!({"items": [{"product_id": mug, "quantity": 2}]});
    let top_up = json!({"amount": {"amount": 5, "currency": "USD"}});

    let hers = ann.post("/v1/orders", "k", &body).await.unwrap();
    let his = bob.post("/v1/orders", "k", &body).await.unwrap();
    let money = ann
        .post("/v1/me/wallet/topups", "k", &top_up)
        .await
        .unwrap();
    let cancel = format!("/v1/orders/{}/cancel", hers.id());
    let cancelled = ann.post(&cancel, "k", &json!({})).await.unwrap();

    for made in [&hers, &his, &money] {
        assert_eq!(
            (made.status, made.replayed),
            (StatusCode::CREATED, false),
            "{}",
            made.text
        );
    }
    assert_eq!(
        (cancelled.status, cancelled.replayed),
        (StatusCode::OK, false),
        "{}",
        cancelled.text
    );
    for turn in 0..4 {
        let (mut ann, mut bob) = (ann.at(shop.gateway(turn)), bob.at(shop.gateway(turn)));
        let hers_again = ann.post("/v1/orders", "k", &body).await.unwrap();
        let his_again = bob.post("/v1/orders", "k", &body).await.unwrap();
        let money_again = ann
            .post("/v1/me/wallet/topups", "k", &top_up)
            .await
            .unwrap();
        let request = ann.post("/v1/orders", "k", &more).await.unwrap();
        for (again, first) in [
            (hers_again, &hers),
            (his_again, &his),
            (money_again, &money),
        ] {
            assert_eq!((again.replayed, &again.text), (true, &first.text));
        }
        assert_eq!(
            request.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            request.text
        );
    }
    assert_ne!(hers.id(), his.id());
    books::balance(&shop).await;
    shop.close().await;
}
