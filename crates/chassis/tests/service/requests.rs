//! What every request gets: a deadline, a token, room, and an end of its own.

use std::time::Duration;

use api::error;
use api::order::carts_client::CartsClient;
use api::token::{Given, Token};
use retry::Deadline;
use tonic::Code;

use crate::tiny::{FAR, Tiny, ask};

fn token(text: &str) -> Token {
    text.parse().unwrap()
}

/// A client that is none of ours.
async fn stranger(tiny: &Tiny) -> tonic::transport::Channel {
    let url = format!("http://{}", tiny.running.addr);
    let endpoint = tonic::transport::Endpoint::try_from(url).unwrap();
    endpoint.connect().await.unwrap()
}

#[tokio::test]
async fn a_deadline_shrinks_with_every_hop() {
    let last = Tiny::start([]).await;
    let first = last.before([]).await;
    let limit = Duration::from_secs(30);

    let answer = Deadline::after(limit).scope(first.ask("ask: greet")).await;

    let answer = answer.unwrap();
    let left = |micros: i64| Duration::from_micros(micros.try_into().unwrap());
    let (at_first, at_last) = (
        left(answer.customer_id.parse().unwrap()),
        left(answer.version),
    );
    assert!(limit > at_first && at_first > at_last && at_last > limit / 2);
}

#[tokio::test]
async fn work_is_dropped_at_its_deadline() {
    let tiny = Tiny::start([]).await;
    // A client with all the time in the world, so that it is the server that ends the work.
    let client = reqwest::Client::builder().http2_prior_knowledge();
    let url = format!(
        "http://{}/holdfast.order.v1.Carts/GetCart",
        tiny.running.addr
    );
    let request = client.build().unwrap().post(url);

    let late = request
        .header("content-type", "application/grpc")
        .header("service-token", "a token for tests only")
        .header("grpc-timeout", "100m")
        .body(&b"\0\0\0\0\x06\x12\x04wait"[..])
        .send()
        .await
        .unwrap();

    // tonic looks at the same clock, and says that the call was cancelled where it is the first to see that its time is up.
    let (cancelled, deadline_exceeded) = ("1", "4");
    let said = late.headers()["grpc-status"].to_str().unwrap();
    assert!([cancelled, deadline_exceeded].contains(&said), "{said}");
    tiny.waiting(0).await;
}

#[tokio::test]
async fn a_token_rides_to_the_last_hop() {
    let last = Tiny::start([]).await;
    let first = last.before([]).await;
    let given = Given::Token(token("7.1.aa"));

    let (answer, _) = api::token::scope(given, first.ask("ask: given")).await;

    assert_eq!(answer.unwrap().id, "7.1.aa");
}

#[tokio::test]
async fn what_the_last_hop_saw_comes_back_to_the_caller() {
    let last = Tiny::start([]).await;
    let first = last.before([]).await;
    let given = Given::Token(token("7.1.aa"));

    let (answer, seen) = api::token::scope(given, first.ask("ask: see")).await;

    answer.unwrap();
    assert_eq!(seen, Given::Token(token(FAR)));
}

#[tokio::test]
async fn an_error_brings_the_token_back_too() {
    let last = Tiny::start([]).await;
    let first = last.before([]).await;

    let asking = first.ask("ask: see and fail");
    let (answer, seen) = api::token::scope(Given::Nothing, asking).await;

    assert_eq!(answer.unwrap_err().code(), Code::NotFound);
    assert_eq!(seen, Given::Token(token(FAR)));
}

#[tokio::test]
async fn a_malformed_token_is_passed_on_as_one() {
    let last = Tiny::start([]).await;
    let first = last.before([]).await;

    let (answer, _) = api::token::scope(Given::Malformed, first.ask("ask: given")).await;

    assert_eq!(answer.unwrap().id, "malformed");
}

#[tokio::test]
async fn a_panic_is_the_end_of_its_own_request_only() {
    let tiny = Tiny::start([]).await;

    let failed = tiny.ask("panic").await.unwrap_err();
    let answered = tiny.ask("greet").await.unwrap();

    assert_eq!(failed.code(), Code::Internal);
    assert_eq!(answered.id, "hello");
}

#[tokio::test]
async fn strangers_are_turned_away() {
    let tiny = Tiny::start([]).await;
    let other_house = discovery::channel(
        "tiny",
        &discovery::Fixed::new([tiny.running.addr.to_string()]),
        &discovery::Settings {
            service_token: Some("the token of another house".into()),
            ..discovery::Settings::default()
        },
    );

    let nameless = CartsClient::new(stranger(&tiny).await)
        .get_cart(api::order::GetCartRequest::default())
        .await;
    let wrong = ask(&other_house, "greet").await;

    assert_eq!(nameless.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(wrong.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_full_instance_refuses_at_once_and_keeps_nothing() {
    let tiny = Tiny::start([("MAX_IN_FLIGHT", "1")]).await;
    let channel = tiny.channel.clone();
    let waiting = tokio::spawn(async move { ask(&channel, "wait").await });
    tiny.waiting(1).await;

    let refused = tiny.ask("greet").await.unwrap_err();
    tiny.outside.let_go();

    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(error::reason(&refused).as_deref(), Some(error::NOT_TAKEN));
    waiting.await.unwrap().unwrap();
    tiny.ask("greet").await.unwrap();
}

#[tokio::test]
async fn a_message_of_five_megabytes_is_refused() {
    let tiny = Tiny::start([]).await;

    let refused = tiny.ask(&"x".repeat(5 * 1024 * 1024)).await.unwrap_err();

    assert_eq!(refused.code(), Code::OutOfRange);
    tiny.ask("greet").await.unwrap();
}

#[tokio::test]
async fn requests_are_counted_by_method_and_code() {
    let tiny = Tiny::start([]).await;
    tiny.ask("greet").await.unwrap();
    tiny.ask("nonsense").await.unwrap_err();

    let (_, metrics) = tiny.admin("/metrics").await;

    for code in ["Ok", "InvalidArgument"] {
        let line = format!(
            "rpc_server_duration_seconds_count{{method=\"holdfast.order.v1.Carts/GetCart\",code=\"{code}\"}}"
        );
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
    assert!(metrics.contains("build_info{service=\"tiny\""));
}
