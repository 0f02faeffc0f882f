//! Events of an order, as they happen.

use std::time::Duration;

use api::order::{Order, OrderEvent, WatchEventsRequest};
use prost::Message as _;
use reqwest::Method;
use uuid::Uuid;

use crate::fake::Answer;
use crate::front::Front;

fn event(version: i64) -> Vec<u8> {
    let order = Order {
        version,
        status: "confirmed".into(),
        ..Order::default()
    };
    OrderEvent {
        order: Some(order),
        happened_at: "2026-11-20T12:00:00.000000Z".into(),
    }
    .encode_to_vec()
}

fn path() -> String {
    format!("/v1/orders/{}/events", api::id::ORDER.write(Uuid::now_v7()))
}

/// Answers with the events after the version that was asked for.
fn three_events(front: &Front) {
    front.fake.follows("Orders/WatchEvents", |request, _| {
        let request = WatchEventsRequest::decode(request).unwrap();
        Answer::Messages(
            (1..=3)
                .filter(|version| *version > request.after_version)
                .map(event)
                .collect(),
        )
    });
}

#[tokio::test]
async fn what_happens_to_an_order_is_told_with_ids_to_come_back_by() {
    let front = Front::open().await;
    three_events(&front);

    let heard = front.customer(Method::GET, &path()).hear().await;

    assert_eq!(heard.header("content-type"), "text/event-stream");
    let ids: Vec<&str> = heard
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(heard.text.contains("\"status\":\"confirmed\""));
}

#[tokio::test]
async fn a_client_that_comes_back_hears_what_it_missed_and_no_more() {
    let front = Front::open().await;
    three_events(&front);

    let heard = front
        .customer(Method::GET, &path())
        .header("last-event-id", "2")
        .hear()
        .await;

    let ids: Vec<&str> = heard
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    assert_eq!(ids, ["3"]);
}

#[tokio::test]
async fn an_order_of_somebody_else_has_no_events() {
    let front = Front::open().await;
    let none = api::error::status(tonic::Code::NotFound, "NOT_FOUND", "no such order");
    front.fake.refuses("Orders/WatchEvents", none);

    let heard = front.customer(Method::GET, &path()).hear().await;

    assert_eq!(heard.said(), "404 not_found");
}

#[tokio::test]
async fn a_bad_last_event_id_is_refused() {
    let front = Front::open().await;

    let heard = front
        .customer(Method::GET, &path())
        .header("last-event-id", "later")
        .hear()
        .await;

    assert_eq!(heard.said(), "400 invalid");
}

#[tokio::test]
async fn a_silent_stream_says_that_it_is_still_there() {
    let front = Front::with(&[("HEARTBEAT", "50ms")]).await;
    let silence = Answer::Unending(vec![event(1)]);
    front
        .fake
        .follows("Orders/WatchEvents", move |_, _| silence.clone());
    let mut response = front.customer(Method::GET, &path()).0.send().await.unwrap();

    let mut heard = String::new();
    let beats = async {
        while heard.matches("\n:").count() < 3 {
            let chunk = response.chunk().await.unwrap().expect("the stream goes on");
            heard += &String::from_utf8_lossy(&chunk);
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), beats).await;

    assert!(in_time.is_ok(), "{heard}");
    assert_eq!(heard.matches("id: ").count(), 1, "{heard}");
}

#[tokio::test]
async fn an_event_arrives_while_the_stream_goes_on_and_a_drain_ends_it() {
    let front = Front::open().await;
    front.fake.follows("Orders/WatchEvents", |_, _| {
        Answer::Unending(vec![event(1)])
    });
    let mut response = front.customer(Method::GET, &path()).0.send().await.unwrap();
    let first = tokio::time::timeout(Duration::from_secs(15), response.chunk()).await;
    assert!(String::from_utf8_lossy(&first.unwrap().unwrap().unwrap()).contains("id: 1"));

    tokio::spawn(front.running.stop());

    let rest = async { while response.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
    tokio::time::timeout(Duration::from_secs(15), rest)
        .await
        .expect("the stream ended with the drain");
}
