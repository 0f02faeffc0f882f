//! Traffic at a shop that lets everybody in, and then answers nothing.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::*;

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Opens it; counts in `came` who waits for an answer.
async fn shop(came: Arc<AtomicUsize>) -> Door {
    let account = json!({"id": api::id::ACCOUNT.write(Uuid::now_v7())});
    let tokens = json!({"access_token": "a token"});
    let silent = move || {
        came.fetch_add(1, Ordering::Relaxed);
        pending::<()>()
    };
    let routes = Router::new()
        .route("/v1/auth/register", post(async || Json(account)))
        .route("/v1/auth/login", post(async || Json(tokens)))
        .fallback(silent);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, routes).await });
    url.into()
}

async fn until(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !so() {
        assert!(Instant::now() < end, "waited {LIMIT:?} until {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn whoever_came_leaves_when_the_traffic_is_dropped_and_nobody_comes_any_more() {
    let came = Arc::<AtomicUsize>::default();
    let door = shop(came.clone()).await;
    let traffic = Traffic {
        buyers: vec![Buyer::join(door.clone(), 0).await.unwrap()],
        doors: vec![door],
        products: vec![Product {
            id: Uuid::now_v7(),
            price: 1,
        }],
        parts: vec![(Mix::Browse, 100.0)],
        time: Duration::from_hours(1),
        patience: Duration::from_hours(1),
        limit: Duration::from_hours(1),
        seed: 1,
        name: "test".to_owned(),
    };
    let history = Arc::<History>::default();
    let flow = traffic.begin(history.clone(), Arc::default());
    until("somebody waits", || came.load(Ordering::Relaxed) > 0).await;

    drop(flow);

    // Everybody under way has a share in it.
    until("nobody is there", || Arc::strong_count(&history) == 1).await;
}
