//! What a channel sends at most, and what it shows of it.

use std::time::Duration;

use discovery::{Channel, Fixed, Settings};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::fake::{Fake, Manner, Wire};
use crate::load::{call, load, read, reads};
use crate::{alone, channel, three, until};

fn with(settings: &Settings, addr: &impl ToString) -> Channel {
    discovery::channel("fake", &Fixed::new([addr.to_string()]), settings)
}

#[tokio::test]
async fn calls_beyond_the_room_for_one_neighbour_are_refused_at_once() {
    let _alone = alone().await;
    let silent = Fake::start(Manner::Silent).await;
    let settings = Settings {
        calls: 2,
        ..Settings::default()
    };
    let channel = with(&settings, &silent.addr);
    let mut waiting = JoinSet::new();
    for _ in 0..2 {
        let channel = channel.clone();
        waiting.spawn(async move { call(&channel).await });
    }
    until("two calls are in flight", async || silent.calls() == 2).await;
    let begun = tokio::time::Instant::now();

    let refused = read(&channel).await.unwrap_err();

    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(
        api::error::reason(&refused).as_deref(),
        Some(api::error::NOT_TAKEN)
    );
    assert!(!discovery::sent(&refused));
    assert_eq!(silent.calls(), 2);
    // Room that was given back is room again.
    waiting.join_all().await;
    silent.behave(Manner::Kind);
    call(&channel).await.unwrap();
}

#[tokio::test]
async fn a_neighbour_that_is_down_gets_at_most_a_tenth_more_calls_than_were_wanted() {
    let _alone = alone().await;
    let fakes = three(Duration::ZERO).await;
    let channel = channel(fakes.each_ref().map(|fake| fake.addr));
    for fake in &fakes {
        fake.behave(Manner::Rude(Status::unavailable("down")));
    }

    let ended = reads(&channel, 1_000).await;

    let sent: usize = fakes.iter().map(Fake::calls).sum();
    eprintln!("a neighbour that is down: {sent} calls sent for 1000 that were wanted");
    assert_eq!(ended.failed, 1_000);
    assert!((1_000..=1_100).contains(&sent), "{sent}");
}

#[tokio::test]
async fn a_second_connection_is_opened_when_the_first_carries_many_calls() {
    let _alone = alone().await;
    for (allowed, wanted) in [(1, 1), (2, 2)] {
        let silent = Fake::start(Manner::Silent).await;
        let wire = Wire::to(silent.addr).await;
        let settings = Settings {
            connections: allowed,
            ..Settings::default()
        };
        let channel = with(&settings, &wire.addr);
        let mut waiting = JoinSet::new();
        for _ in 0..200 {
            let channel = channel.clone();
            waiting.spawn(async move { call(&channel).await });
        }
        until("all calls are in flight", async || silent.calls() == 200).await;

        assert_eq!(wire.connections(), wanted);
    }
}

#[tokio::test]
async fn each_instance_shows_its_calls_and_its_weight() {
    let _alone = alone().await;
    let _telemetry = telemetry::init(&telemetry::Settings {
        service: "caller".to_owned(),
        log: "off".to_owned(),
        format: telemetry::Format::Json,
        otlp: None,
    });
    let fakes = three(Duration::ZERO).await;
    let channel = channel(fakes.each_ref().map(|fake| fake.addr));

    load(&channel, 100).await;
    fakes[0].behave(Manner::Rude(Status::unavailable("ill")));
    load(&channel, 100).await;

    let shown = telemetry::metrics();
    let of_the_ill = |name: &str| {
        let addr = fakes[0].addr.to_string();
        let mut lines = shown.lines().filter(|line| line.starts_with(name));
        let line = lines.find(|line| line.contains(&addr)).unwrap_or_default();
        line.rsplit(' ')
            .next()
            .and_then(|number| number.parse::<f64>().ok())
    };
    assert_eq!(of_the_ill("rpc_endpoint_ejected"), Some(1.0), "{shown}");
    assert_eq!(of_the_ill("rpc_endpoint_weight"), Some(100.0));
    assert_eq!(of_the_ill("rpc_endpoint_pending"), Some(0.0));
    assert!(of_the_ill("rpc_endpoint_requests_total").unwrap() > 10.0);
    assert!(of_the_ill("rpc_endpoint_failures_total").unwrap() >= 5.0);
    assert!(of_the_ill("rpc_endpoint_duration_seconds_count").unwrap() > 10.0);
}
