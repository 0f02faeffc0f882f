//! Loads at shops that are made up, and what their help says.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use clap::{Args as _, FromArgMatches as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// How many orders came to a shop, and when the first and the last of them did.
#[derive(Debug, Default)]
struct Came {
    orders: AtomicUsize,
    last: std::sync::Mutex<Option<Instant>>,
}

/// A shop that lets everybody in, and answers no order.
async fn silent(came: Arc<Came>) -> Door {
    let answer = async move |request: Request| -> Response {
        let id = Uuid::now_v7();
        let product = json!({"id": api::id::PRODUCT.write(id), "price": {"amount": 100}});
        match request.uri().path() {
            "/v1/orders" => {
                came.orders.fetch_add(1, Ordering::Relaxed);
                *came.last.lock().unwrap() = Some(Instant::now());
                std::future::pending().await
            }
            "/v1/products" => Json(json!({"data": [product]})).into_response(),
            "/v1/auth/login" => Json(json!({"access_token": "a token"})).into_response(),
            "/v1/auth/register" => Json(json!({"id": api::id::ACCOUNT.write(id)})).into_response(),
            _ => (StatusCode::OK, Json(json!({}))).into_response(),
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer);
    tokio::spawn(async { axum::serve(listener, app).await });
    url.into()
}

/// What the command line makes of `words`.
fn asked(words: &str) -> Rate {
    let command = Rate::augment_args(clap::Command::new("load").no_binary_name(true));
    let found = command.try_get_matches_from(words.split_whitespace());
    Rate::from_arg_matches(&found.unwrap()).unwrap()
}

#[tokio::test]
async fn people_come_over_the_whole_time_though_nobody_is_answered_and_each_request_is_written_down()
 {
    let (came, folder) = (Arc::<Came>::default(), tempfile::tempdir().unwrap());
    let doors = [silent(came.clone()).await];
    let path = folder.path().join("history.jsonl");
    let rate = Rate {
        history: Some(path.clone()),
        ..asked("--orders 50 --looks 0 --seconds 3 --quiet")
    };
    let watched = async {
        let first = until(|| came.orders.load(Ordering::Relaxed) > 0).await;
        // Two thirds of them, for they come by chance.
        until(|| came.orders.load(Ordering::Relaxed) >= 100).await;
        // Nobody is answered until their patience is over.
        until(|| !lines(&path).is_empty()).await;
        first
    };

    let first = tokio::select! {
        ended = run(&doors, &rate) => panic!("{ended:?}"),
        seen = watched => seen,
    };

    let over = came.last.lock().unwrap().unwrap() - first;
    assert!(over > Duration::from_millis(2_500), "{over:?}");
    let line = &lines(&path)[0];
    assert_eq!(line["path"], "/v1/orders");
    assert!(line["key"].is_string() && line["error"].is_string());
    assert!(line["ended"].as_f64() >= Some(5.0), "{line}");
}

async fn until(so: impl Fn() -> bool) -> Instant {
    let end = Instant::now() + Duration::from_mins(1);
    while !so() {
        assert!(Instant::now() < end);
        sleep(Duration::from_millis(5)).await;
    }
    Instant::now()
}

fn lines(path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str);
    lines.map(Result::unwrap).collect()
}

#[test]
fn the_help_names_every_mix_and_each_is_taken() {
    let help = Rate::augment_args(clap::Command::new("load")).render_long_help();

    let help = help.to_string();
    for mix in Mix::ALL {
        assert!(help.contains(mix.word()), "{mix} is not in: {help}");
        assert_eq!(asked(&format!("--mix {mix}")).mix, Some(mix));
    }
}

#[test]
fn there_are_as_many_accounts_as_those_need_who_come_when_most_do() {
    assert_eq!(asked("--orders 5 --looks 20").accounts(), 4);
    assert_eq!(asked("--orders 200 --looks 1000").accounts(), 120);
    assert_eq!(
        asked("--mix flash-sale --orders 10 --looks 10").accounts(),
        10
    );
    assert_eq!(asked("--mix day --orders 200 --looks 1000").accounts(), 200);
}
