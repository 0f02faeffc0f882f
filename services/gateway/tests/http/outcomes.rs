//! What the caller hears when a service does not answer: 503 only where nothing happened, 504 where nobody can tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::error;
use api::order::{Order, PlaceResponse};
use reqwest::Method;
use serde_json::json;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fake::Answer;
use crate::front::{Asking, Front};

fn place(front: &Front) -> Asking {
    let line = json!({"product_id": api::id::PRODUCT.write(Uuid::now_v7()), "quantity": 1});
    front
        .customer(Method::POST, "/v1/orders")
        .key("one")
        .json(&json!({"items": [line]}))
}

fn placed() -> Answer {
    let order = Order {
        status: "confirmed".into(),
        ..Order::default()
    };
    Answer::message(&PlaceResponse {
        order: Some(order),
        replayed: true,
    })
}

fn not_taken() -> Answer {
    Answer::Refusal(error::status(Code::Unavailable, error::NOT_TAKEN, "later"))
}

/// Answers the nth attempt at `rpc` with the nth of `answers`, and all further ones with the last.
fn in_turn(front: &Front, rpc: &str, answers: Vec<Answer>) -> Arc<AtomicUsize> {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    front.fake.follows(rpc, move |_, _| {
        let attempt = counted.fetch_add(1, Ordering::SeqCst);
        answers[attempt.min(answers.len() - 1)].clone()
    });
    attempts
}

#[tokio::test]
async fn an_order_whose_first_attempt_broke_is_asked_for_again_by_its_key() {
    let front = Front::open().await;
    in_turn(&front, "Orders/Place", vec![Answer::Silence, placed()]);

    let heard = place(&front).hear().await;

    assert_eq!(heard.status, 201);
    assert_eq!(heard.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn one_unknown_attempt_makes_the_whole_call_unknown_whatever_later_ones_say() {
    let front = Front::open().await;
    let attempts = in_turn(&front, "Orders/Place", vec![Answer::Silence, not_taken()]);

    let heard = place(&front).hear().await;

    assert_eq!(heard.said(), "504 outcome_unknown");
    assert!(attempts.load(Ordering::SeqCst) > 1);
    assert!(heard.json()["retryable"].as_bool().unwrap());
}

#[tokio::test]
async fn an_order_that_was_never_taken_is_503_and_says_when_to_come_back() {
    let front = Front::open().await;
    in_turn(&front, "Orders/Place", vec![not_taken()]);

    let heard = place(&front).hear().await;

    assert_eq!(heard.said(), "503 not_taken");
    assert_eq!(heard.header("retry-after"), "1");
}

#[tokio::test]
async fn an_order_that_could_not_be_sent_at_all_is_503() {
    let front = Front::with(&[("ORDER_ADDRS", "127.0.0.1:1")]).await;

    let heard = place(&front).hear().await;

    assert_eq!(heard.said(), "503 not_taken");
}

#[tokio::test]
async fn a_read_is_repeated_and_then_unavailable() {
    let front = Front::open().await;
    let attempts = in_turn(&front, "Catalog/ListProducts", vec![Answer::Silence]);

    let heard = front.ask(Method::GET, "/v1/products").hear().await;

    assert_eq!(heard.said(), "503 unavailable");
    assert_ne!(heard.header("retry-after"), "");
    assert!(attempts.load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn a_change_without_a_key_is_sent_once_and_unknown_when_it_breaks() {
    let front = Front::open().await;
    let attempts = in_turn(&front, "Carts/CreateCart", vec![Answer::Silence]);

    let heard = front.customer(Method::POST, "/v1/carts").hear().await;

    assert_eq!(heard.said(), "504 outcome_unknown");
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_refusal_keeps_its_own_status_and_code() {
    let front = Front::open().await;
    let order = api::id::ORDER.write(Uuid::now_v7());
    for (code, reason, expected) in [
        (Code::NotFound, "NOT_FOUND", "404 not_found"),
        (Code::FailedPrecondition, "ILLEGAL_MOVE", "409 illegal_move"),
        (Code::FailedPrecondition, "NOT_SETTLED", "409 not_settled"),
        (
            Code::Unavailable,
            "NOT_YET_CONSISTENT",
            "503 not_yet_consistent",
        ),
        (Code::Aborted, "OUTCOME_UNKNOWN", "504 outcome_unknown"),
    ] {
        front
            .fake
            .refuses("Orders/Ship", error::status(code, reason, "why"));

        let path = format!("/v1/orders/{order}/ship");
        let heard = front
            .by(auth::Role::Support, Method::POST, &path)
            .hear()
            .await;

        assert_eq!(heard.said(), expected);
    }
}

#[tokio::test]
async fn what_broke_inside_is_not_shown() {
    let front = Front::open().await;
    front.fake.refuses(
        "Catalog/ListProducts",
        Status::internal("secret_table does not exist"),
    );

    let heard = front.ask(Method::GET, "/v1/products").hear().await;

    assert_eq!(heard.said(), "500 internal");
    assert!(!heard.text.contains("secret_table"));
}

#[tokio::test]
async fn a_lock_out_says_how_long_to_wait() {
    let front = Front::open().await;
    let wait = std::time::Duration::from_secs(90);
    let locked = error::later(
        Code::ResourceExhausted,
        "LOCKED_OUT",
        "too many tries",
        wait,
    );
    front.fake.refuses("Auth/Login", locked);
    let body = json!({"email": "ann@example.org", "password": "correct horse"});

    let heard = front
        .ask(Method::POST, "/v1/auth/login")
        .json(&body)
        .hear()
        .await;

    assert_eq!(heard.said(), "429 locked_out");
    assert_eq!(heard.header("retry-after"), "90");
}

#[tokio::test]
async fn the_consistency_token_goes_through_and_comes_back_raised() {
    let front = Front::open().await;

    let without = front.ask(Method::GET, "/v1/products").hear().await;
    let with = front
        .ask(Method::GET, "/v1/products")
        .header("consistency-token", "7.1.ff")
        .hear()
        .await;

    assert_eq!(without.header("consistency-token"), "");
    assert_eq!(with.header("consistency-token"), "7.1.ff");
}

#[tokio::test]
async fn an_account_with_an_open_order_is_not_closed() {
    let front = Front::open().await;
    let open = api::order::ListOrdersResponse {
        orders: vec![Order::default()],
        ..Default::default()
    };
    front.fake.follows("Orders/List", move |request, _| {
        let request: api::order::ListOrdersRequest = prost::Message::decode(request).unwrap();
        let none = api::order::ListOrdersResponse::default();
        Answer::message(if request.status == "shipped" {
            &open
        } else {
            &none
        })
    });

    let heard = front.customer(Method::DELETE, "/v1/me").hear().await;

    assert_eq!(heard.said(), "409 order_open");
    assert!(
        front
            .fake
            .asked::<api::user::CloseAccountRequest>("Users/CloseAccount")
            .is_empty()
    );
}

#[tokio::test]
async fn an_account_with_nothing_open_is_closed_unless_money_is_left() {
    let front = Front::open().await;

    let closed = front.customer(Method::DELETE, "/v1/me").hear().await;
    let money = error::status(Code::FailedPrecondition, "MONEY_LEFT", "money is left");
    front.fake.refuses("Users/CloseAccount", money);
    let refused = front.customer(Method::DELETE, "/v1/me").hear().await;

    assert_eq!(closed.status, 204);
    assert_eq!(refused.said(), "409 money_left");
}
