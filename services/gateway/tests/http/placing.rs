//! What the customer hears of an order that was placed.

use api::common::Money;
use api::order::{Order, OrderItem, PlaceRequest, PlaceResponse};
use auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fake::Answer;
use crate::front::{Asking, Front};

fn stored(status: &str, reason: &str) -> Order {
    let price = Some(Money {
        amount: 1999,
        currency: "USD".into(),
    });
    Order {
        id: api::id::ORDER.write(Uuid::from_u128(1)),
        customer_id: api::id::ACCOUNT.write(Uuid::from_u128(2)),
        status: status.into(),
        reason: reason.into(),
        items: vec![OrderItem {
            product_id: api::id::PRODUCT.write(Uuid::from_u128(3)),
            name: "Mug".into(),
            quantity: 1,
            unit_price: price.clone(),
        }],
        total: price,
        created_at: "2026-11-20T12:00:00.123456Z".into(),
        version: 2,
        ..Order::default()
    }
}

fn body() -> Value {
    json!({"items": [{"product_id": api::id::PRODUCT.write(Uuid::from_u128(3)), "quantity": 1}]})
}

fn place(front: &Front) -> Asking {
    front
        .customer(Method::POST, "/v1/orders")
        .key("one")
        .json(&body())
}

fn answers(front: &Front, status: &str, reason: &str, replayed: bool) {
    let answer = PlaceResponse {
        order: Some(stored(status, reason)),
        replayed,
    };
    front.fake.says("Orders/Place", &answer);
}

#[tokio::test]
async fn a_confirmed_order_is_created() {
    let front = Front::open().await;
    answers(&front, "confirmed", "", false);

    let heard = place(&front).hear().await;

    assert_eq!(heard.status, 201);
    assert_eq!(
        heard.header("location"),
        format!("/v1/orders/{}", stored("", "").id)
    );
    assert_eq!(heard.header("etag"), "\"2\"");
    assert_eq!(heard.header("idempotency-replayed"), "");
    let order = heard.json();
    assert_eq!(order["object"], "order");
    assert_eq!(order["total"], json!({"amount": 1999, "currency": "USD"}));
    assert_eq!(order["items"][0]["quantity"], 1);
    assert!(order.get("reason").is_none());
}

#[tokio::test]
async fn a_pending_order_is_accepted_and_says_where_to_look_and_when() {
    let front = Front::open().await;
    answers(&front, "pending", "", false);

    let heard = place(&front).hear().await;

    assert_eq!(heard.status, 202);
    assert!(heard.header("location").starts_with("/v1/orders/ord_"));
    assert_eq!(heard.header("retry-after"), "1");
}

#[tokio::test]
async fn an_order_that_was_rejected_is_a_problem_with_the_order_in_it() {
    let front = Front::open().await;
    for (reason, status) in [
        ("insufficient_stock", 409),
        ("payment_declined", 402),
        ("payment_unavailable", 409),
    ] {
        answers(&front, "rejected", reason, false);

        let heard = place(&front).hear().await;

        assert_eq!(heard.said(), format!("{status} {reason}"));
        assert_eq!(heard.json()["order"]["status"], "rejected");
        assert_ne!(heard.header("x-request-id"), "");
    }
}

#[tokio::test]
async fn settled_answers_are_equal_byte_for_byte_however_often_they_are_asked_for() {
    let front = Front::open().await;
    for (status, reason) in [
        ("confirmed", ""),
        ("rejected", "insufficient_stock"),
        ("rejected", "payment_declined"),
        ("rejected", "payment_unavailable"),
    ] {
        answers(&front, status, reason, false);
        let first = place(&front).hear().await;
        answers(&front, status, reason, true);

        let again = place(&front).header("x-request-id", "another").hear().await;

        assert_eq!(again.text, first.text);
        assert_eq!(again.status, first.status);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("x-request-id"), "another");
    }
}

#[tokio::test]
async fn a_refusal_that_is_bound_to_the_key_is_equal_byte_for_byte_too() {
    let front = Front::open().await;
    for reason in [
        "PRICE_CHANGED",
        "CART_ORDERED",
        "PRODUCT_NOT_FOUND",
        "CART_NOT_FOUND",
        "CART_EMPTY",
    ] {
        let code = tonic::Code::FailedPrecondition;
        front.fake.refuses(
            "Orders/Place",
            api::error::status(code, reason, "as it was"),
        );

        let (one, two) = (place(&front).hear().await, place(&front).hear().await);

        assert_eq!(one.problem(), reason.to_lowercase());
        assert_eq!(one.text, two.text);
    }
}

#[tokio::test]
async fn the_key_carries_the_account_the_route_and_what_was_understood() {
    let front = Front::open().await;
    answers(&front, "confirmed", "", false);
    let product = api::id::PRODUCT.write(Uuid::from_u128(3));
    let spaced = format!(
        "{{ \"cart_id\": null,\n\"items\" : [ {{\"quantity\":1, \"product_id\":\"{product}\"}} ] }}"
    );

    place(&front).hear().await;
    front
        .customer(Method::POST, "/v1/orders")
        .key("\"one\"")
        .raw(spaced)
        .hear()
        .await;
    let more = json!({"items": [{"product_id": product, "quantity": 2}]});
    front
        .customer(Method::POST, "/v1/orders")
        .key("one")
        .json(&more)
        .hear()
        .await;

    let asked: Vec<PlaceRequest> = front.fake.asked("Orders/Place");
    let keys: Vec<_> = asked
        .into_iter()
        .map(|one| one.idempotency.unwrap())
        .collect();
    assert_eq!(keys[0].route, "POST /v1/orders");
    assert_eq!(keys[0].account_id, front.account_id());
    assert_eq!(keys[0].key, "one");
    assert_eq!(keys[0].request_hash.len(), 32);
    assert_eq!(keys[0], keys[1], "another way to write the same request");
    assert_ne!(
        keys[0].request_hash, keys[2].request_hash,
        "another request"
    );
}

#[tokio::test]
async fn another_order_in_the_path_is_another_request_under_the_same_route() {
    let front = Front::open().await;
    for order in [1, 2] {
        let path = format!(
            "/v1/orders/{}/cancel",
            api::id::ORDER.write(Uuid::from_u128(order))
        );
        front.customer(Method::POST, &path).key("one").hear().await;
    }

    let asked: Vec<api::order::CancelRequest> = front.fake.asked("Orders/Cancel");

    let keys: Vec<_> = asked
        .into_iter()
        .map(|one| one.idempotency.unwrap())
        .collect();
    assert_eq!(keys[0].route, "POST /v1/orders/{id}/cancel");
    assert_eq!(keys[0].route, keys[1].route);
    assert_ne!(keys[0].request_hash, keys[1].request_hash);
}

#[tokio::test]
async fn a_restock_and_a_cancel_that_were_sent_before_say_so() {
    let front = Front::open().await;
    let product = api::id::PRODUCT.write(Uuid::now_v7());
    let order = api::id::ORDER.write(Uuid::now_v7());
    let acts = [
        (
            "Inventory/Restock",
            format!("/v1/admin/products/{product}/stock/restocks"),
            Some(json!({"quantity": 1})),
        ),
        ("Orders/Cancel", format!("/v1/orders/{order}/cancel"), None),
    ];
    for (rpc, path, body) in acts {
        front.fake.follows(rpc, |_, times| match times {
            0 => Answer::Messages(vec![Vec::new()]),
            _ => Answer::Replay(Vec::new()),
        });
        let send = async || {
            let asking = front.by(Role::Admin, Method::POST, &path).key("k");
            let asking = body.iter().fold(asking, Asking::json);
            let heard = asking.hear().await;
            assert_eq!(heard.status, 200, "{heard:?}");
            heard.header("idempotency-replayed").to_owned()
        };

        assert_eq!(
            (send().await, send().await),
            (String::new(), "true".to_owned()),
            "{rpc}"
        );
    }
}

#[tokio::test]
async fn a_key_of_another_request_is_422_and_shows_which_request_asked() {
    let front = Front::open().await;
    let reused = api::error::status(
        tonic::Code::FailedPrecondition,
        "KEY_REUSED",
        "another request",
    );
    front.fake.refuses("Orders/Place", reused);

    let heard = place(&front).hear().await;

    assert_eq!(heard.said(), "422 key_reused");
    assert_eq!(heard.json()["request_id"], heard.header("x-request-id"));
}
