//! Clients at a shop that answers what it is told to.

use std::sync::Mutex;

use axum::http::StatusCode as Status;
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::Line;

const ORDER: Uuid = Uuid::from_u128(1);
const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(20),
    limit: Duration::from_secs(20),
};

/// A shop whose next answers are these, the last one first; it lets everybody in.
async fn shop(answers: Vec<(u16, Value)>) -> (Client, Notes) {
    let answers = Arc::new(Mutex::new(answers));
    let answer = async move |uri: Uri| -> Response {
        let account = json!({"id": api::id::ACCOUNT.write(Uuid::nil()), "access_token": "a token"});
        if uri.path().starts_with("/v1/auth/") {
            return Json(account).into_response();
        }
        let (status, body) = answers.lock().unwrap().pop().unwrap();
        (Status::from_u16(status).unwrap(), Json(body)).into_response()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(answer)).await });
    let (door, notes) = (Door::from(url), Notes::default());
    let buyer = Buyer::join(door.clone(), 0).await.unwrap();
    (Client::of(&buyer, &[door], PATIENCE, &notes), notes)
}

fn wish() -> Arc<Wish> {
    let mug = Line {
        product: Uuid::nil(),
        quantity: 1,
        price: 1,
    };
    Arc::new(Wish {
        customer: Uuid::nil(),
        key: "k".to_owned(),
        lines: vec![mug],
        cart: None,
    })
}

fn problem(code: &str, retryable: bool) -> Value {
    json!({"code": code, "retryable": retryable})
}

#[tokio::test]
async fn what_a_retry_heals_is_told_as_retried_and_nobody_is_left_with_it() {
    let taken =
        json!({"id": api::id::ORDER.write(ORDER), "status": "pending", "total": {"amount": 1}});
    let busy = || (503, problem("overloaded", true));
    let (mut client, notes) = shop(vec![(201, taken), busy(), busy()]).await;

    let ended = client.order(&wish()).await;

    assert!(ended.heard.is_taken(), "{ended:?}");
    let errors = notes.gauge.look().errors;
    let told = errors["503 overloaded"];
    assert_eq!((told.retried, told.ended, errors.len()), (2, 0, 1));
}

#[tokio::test]
async fn an_own_read_that_is_refused_is_written_down_unless_it_passes() {
    let answers = vec![
        (503, problem("unavailable", true)),
        (500, problem("internal", false)),
        (403, problem("forbidden", false)),
    ];
    let (mut client, notes) = shop(answers).await;

    for _ in 0..3 {
        let read = client.own(ORDER, "confirmed".to_owned(), false).await;
        assert!(read.is_none(), "{read:?}");
    }

    let refused = notes.history.refused_reads();
    let said: Vec<&str> = refused.iter().map(|read| read.said.as_str()).collect();
    assert_eq!(said, ["403 forbidden", "500 internal"]);
    assert!(refused.iter().all(|read| read.id == ORDER));
}
