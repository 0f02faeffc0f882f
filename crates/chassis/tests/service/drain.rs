//! How a service ends: nothing that was taken is lost, nothing new is taken, nothing is left running.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tonic::Code;

use crate::tiny::{Tiny, ask, eventually};

#[tokio::test]
async fn a_drain_answers_what_is_in_flight_and_takes_nothing_new() {
    let tiny = Tiny::start([]).await;
    let (channel, late) = (tiny.channel.clone(), tiny.running.channel());
    let in_flight = tokio::spawn(async move { ask(&channel, "wait").await });
    tiny.waiting(1).await;
    let addr = tiny.running.addr;
    let outside = tiny.outside.clone();

    let Tiny { running, .. } = tiny;
    let stopping = tokio::spawn(running.stop());
    eventually(|| std::net::TcpStream::connect(addr).is_err()).await;
    let refused = ask(&late, "greet").await.unwrap_err();
    outside.let_go();

    assert!(!discovery::sent(&refused));
    in_flight.await.unwrap().unwrap();
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_is_dropped_when_the_drain_has_had_its_time() {
    let tiny = Tiny::start([("DRAIN_LIMIT", "100ms")]).await;
    let channel = tiny.channel.clone();
    let in_flight = tokio::spawn(async move { ask(&channel, "wait").await });
    tiny.waiting(1).await;
    let begun = Instant::now();

    tiny.running.stop().await;

    assert!(begun.elapsed() < Duration::from_secs(15));
    let dropped = in_flight.await.unwrap().unwrap_err();
    assert_eq!(dropped.code(), Code::Unavailable);
    assert!(discovery::sent(&dropped));
}

#[tokio::test]
async fn a_draining_instance_is_not_ready_and_still_answers_for_a_while() {
    let tiny = Tiny::start([("DRAIN_GRACE", "3s")]).await;
    tiny.outside.database.store(true, Ordering::SeqCst);
    assert_eq!(tiny.admin("/readyz").await.0, 200);
    let (channel, admin_addr) = (tiny.channel.clone(), tiny.running.admin_addr);

    let stopping = tokio::spawn(tiny.running.stop());
    let url = format!("http://{admin_addr}/readyz");
    while reqwest::get(&url).await.unwrap().status() != 503 {}
    let answered = ask(&channel, "greet").await;

    assert!(answered.is_ok());
    assert!(!stopping.is_finished());
    stopping.await.unwrap();
}

#[tokio::test]
async fn work_in_the_background_that_panics_is_begun_again() {
    let tiny = Tiny::start([]).await;

    eventually(|| tiny.outside.begun.load(Ordering::SeqCst) == 2).await;
}

#[tokio::test]
async fn work_in_the_background_ends_after_the_last_request() {
    let tiny = Tiny::start([]).await;
    let outside = tiny.outside.clone();
    eventually(|| outside.begun.load(Ordering::SeqCst) == 2).await;
    let channel = tiny.channel.clone();
    let in_flight = tokio::spawn(async move { ask(&channel, "wait").await });
    tiny.waiting(1).await;

    let stopping = tokio::spawn(tiny.running.stop());
    outside.let_go();
    stopping.await.unwrap();

    in_flight.await.unwrap().unwrap();
    assert!(outside.ended.load(Ordering::SeqCst));
}
