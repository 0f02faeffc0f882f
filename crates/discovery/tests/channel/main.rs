//! What a caller may expect of a channel while instances die, freeze and come back.
#![cfg(test)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::token::{Given, Position, Token};
use discovery::{Balance, Channel, Directory, Fixed, Instance, Settings};
use fake::{Fake, Manner, Wire};
use retry::Deadline;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

#[allow(dead_code, reason = "the tests of `balance` use it too")]
mod fake;

/// What a call is given that must be answered: no more than a busy machine needs, and less than anything here waits for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// A channel that gives each instance its turn, so that a test knows who is called next.
fn channel(addrs: &[SocketAddr]) -> Channel {
    let directory = Fixed::new(addrs.iter().map(ToString::to_string));
    let settings = Settings {
        balance: Balance::RoundRobin,
        ..Settings::default()
    };
    discovery::channel("fake", &directory, &settings)
}

async fn call(channel: &Channel) -> Result<(), Status> {
    let answer = HealthClient::new(channel.clone()).check(anything()).await;
    answer.map(drop)
}

/// A call that may be sent more than once.
async fn read(channel: &Channel) -> Result<(), Status> {
    let request = retry::reads(anything());
    let answer = HealthClient::new(channel.clone()).check(request).await;
    answer.map(drop)
}

fn anything() -> HealthCheckRequest {
    HealthCheckRequest {
        service: "anything".to_owned(),
    }
}

async fn call_within(limit: Duration, channel: &Channel) -> Result<(), Status> {
    Deadline::after(limit).scope(call(channel)).await
}

async fn read_within(limit: Duration, channel: &Channel) -> Result<(), Status> {
    Deadline::after(limit).scope(read(channel)).await
}

/// An address at which nobody listens, as long as nobody serves ports below 10.
fn nowhere(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn not_taken() -> Status {
    api::error::status(Code::Unavailable, api::error::NOT_TAKEN, "not now")
}

#[tokio::test]
async fn calls_go_round_the_instances() {
    let (ann, bob) = tokio::join!(Fake::start(Manner::Kind), Fake::start(Manner::Kind));
    let channel = channel(&[ann.addr, bob.addr]);
    while ann.calls() == 0 || bob.calls() == 0 {
        call(&channel).await.unwrap();
    }
    let before = (ann.calls(), bob.calls());

    for _ in 0..10 {
        call(&channel).await.unwrap();
    }

    assert_eq!((ann.calls(), bob.calls()), (before.0 + 5, before.1 + 5));
}

#[tokio::test]
async fn a_dead_instance_is_passed_over_at_once() {
    let live = Fake::start(Manner::Kind).await;
    let channel = channel(&[nowhere(1), live.addr]);
    let begun = Instant::now();

    for _ in 0..20 {
        call(&channel).await.unwrap();
    }

    assert_eq!(live.calls(), 20);
    assert!(begun.elapsed() < PATIENCE);
}

#[tokio::test]
async fn an_instance_that_is_frozen_from_the_start_is_sent_nothing() {
    let live = Fake::start(Manner::Kind).await;
    // Nobody accepts, yet the kernel lets callers connect.
    let frozen = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let channel = channel(&[frozen.local_addr().unwrap(), live.addr]);

    for _ in 0..20 {
        call_within(PATIENCE, &channel).await.unwrap();
    }

    assert_eq!(live.calls(), 20);
}

#[tokio::test]
async fn an_instance_that_freezes_is_passed_over_within_the_deadline() {
    let (ann, bob) = tokio::join!(Fake::start(Manner::Kind), Fake::start(Manner::Kind));
    let wire = Wire::to(ann.addr).await;
    let channel = channel(&[wire.addr, bob.addr]);
    while ann.calls() == 0 {
        call(&channel).await.unwrap();
    }

    wire.freeze();

    for _ in 0..4 {
        read_within(PATIENCE, &channel).await.unwrap();
    }
}

#[tokio::test]
async fn a_frozen_instance_is_noticed_and_then_sent_nothing_more() {
    let (ann, bob) = tokio::join!(Fake::start(Manner::Kind), Fake::start(Manner::Kind));
    let wire = Wire::to(ann.addr).await;
    let channel = channel(&[wire.addr, bob.addr]);
    while ann.calls() == 0 || bob.calls() == 0 {
        call(&channel).await.unwrap();
    }

    wire.freeze();
    let lost = call(&channel).await.err().or(call(&channel).await.err());

    assert!(discovery::sent(&lost.unwrap()));
    for _ in 0..10 {
        call_within(PATIENCE, &channel).await.unwrap();
    }
}

#[tokio::test]
async fn when_nobody_is_there_the_caller_hears_at_once_that_nothing_was_sent() {
    let channel = channel(&[nowhere(1), nowhere(2)]);
    let begun = Instant::now();

    let refused = call(&channel).await.unwrap_err();

    assert_eq!(refused.code(), Code::Unavailable);
    assert!(!discovery::sent(&refused));
    assert!(begun.elapsed() < PATIENCE);
}

#[tokio::test]
async fn a_service_without_instances_cannot_be_reached() {
    let refused = call(&channel(&[])).await.unwrap_err();

    assert_eq!(refused.code(), Code::Unavailable);
    assert!(!discovery::sent(&refused));
}

#[tokio::test]
async fn a_connection_broken_in_mid_call_may_have_done_the_work() {
    let silent = Fake::start(Manner::Silent).await;
    let wire = Wire::to(silent.addr).await;
    let channel = channel(&[wire.addr]);

    let calling = tokio::spawn(async move { call(&channel).await });
    arrived(&silent).await;
    wire.cut();

    let broken = calling.await.unwrap().unwrap_err();
    assert_eq!(broken.code(), Code::Unavailable);
    assert!(discovery::sent(&broken));
}

#[tokio::test]
async fn a_late_answer_is_not_waited_for_and_may_have_been_work_done() {
    let silent = Fake::start(Manner::Silent).await;

    let late = call_within(Duration::from_millis(200), &channel(&[silent.addr])).await;

    let late = late.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert!(discovery::sent(&late));
}

#[tokio::test]
async fn only_what_may_be_sent_again_is_asked_of_a_second_instance_after_a_refusal() {
    let full = Fake::start(Manner::Rude(not_taken())).await;
    let free = Fake::start(Manner::Kind).await;
    let channel = channel(&[full.addr, free.addr]);
    while full.calls() == 0 || free.calls() == 0 {
        let _ = call(&channel).await;
    }

    let (first, second) = (call(&channel).await, call(&channel).await);
    let repeated = (read(&channel).await, read(&channel).await);

    assert!(first.is_ok() != second.is_ok());
    assert!(repeated.0.is_ok() && repeated.1.is_ok());
}

#[tokio::test]
async fn one_unknown_attempt_makes_the_whole_call_unknown() {
    let full = Fake::start(Manner::Rude(not_taken())).await;
    let silent = Fake::start(Manner::Silent).await;
    let wire = Wire::to(silent.addr).await;
    let channel = channel(&[wire.addr, full.addr]);
    while full.calls() == 0 {
        let _ = call_within(Duration::from_millis(50), &channel).await;
    }
    let before = silent.calls();

    let limit = Duration::from_secs(2);
    let heard = loop {
        let heard = read_within(limit, &channel).await.unwrap_err();
        if silent.calls() > before {
            break heard;
        }
    };

    assert!(discovery::sent(&heard));
    assert_ne!(
        api::error::reason(&heard).as_deref(),
        Some(api::error::NOT_TAKEN)
    );
}

#[tokio::test]
async fn repeats_stay_within_the_budget() {
    let full = Fake::start(Manner::Rude(not_taken())).await;
    let channel = channel(&[full.addr]);

    for _ in 0..100 {
        read(&channel).await.unwrap_err();
    }

    assert_eq!(full.calls(), 110);
}

#[tokio::test]
async fn an_instance_that_comes_back_is_called_again() {
    let fake = Fake::start(Manner::Kind).await;
    let wire = Wire::to(fake.addr).await;
    let channel = channel(&[wire.addr]);
    call(&channel).await.unwrap();
    wire.cut();
    while call(&channel).await.is_ok() {}

    wire.heal();

    let begun = Instant::now();
    while call(&channel).await.is_err() {
        assert!(begun.elapsed() < 2 * PATIENCE);
    }
}

#[tokio::test]
async fn instances_come_and_go_with_the_directory() {
    struct Changing(watch::Receiver<Arc<[Instance]>>);
    impl Directory for Changing {
        fn watch(&self) -> watch::Receiver<Arc<[Instance]>> {
            self.0.clone()
        }
    }
    let instance = |fake: &Fake| Instance {
        id: fake.addr.to_string(),
        addr: fake.addr.to_string(),
        zone: String::new(),
        ready: true,
    };
    let (ann, bob) = tokio::join!(Fake::start(Manner::Kind), Fake::start(Manner::Kind));
    let (list, lists) = watch::channel(Arc::from([instance(&ann)]));
    let channel = discovery::channel("fake", &Changing(lists), &Settings::default());
    call(&channel).await.unwrap();

    list.send_replace(Arc::from([instance(&bob), instance(&bob)]));
    call(&channel).await.unwrap();
    drop(list);
    call(&channel).await.unwrap();

    assert_eq!((ann.calls(), bob.calls()), (1, 2));
}

#[tokio::test]
async fn deadline_and_tokens_ride_along() {
    let fake = Fake::start(Manner::Kind).await;
    let settings = Settings {
        service_token: Some("one of ours".into()),
        ..Settings::default()
    };
    let directory = Fixed::new([fake.addr.to_string()]);
    let channel = discovery::channel("fake", &directory, &settings);
    let token: Token = "7.1.ff".parse().unwrap();

    let limit = 2 * PATIENCE;
    let calling = call_within(limit, &channel);
    api::token::scope(Given::Token(token), calling)
        .await
        .0
        .unwrap();

    assert_eq!(fake.header("consistency-token").as_deref(), Some("7.1.ff"));
    assert_eq!(fake.header("service-token").as_deref(), Some("one of ours"));
    let left = fake.header("grpc-timeout").unwrap();
    let left = retry::timeout::read(&left).unwrap();
    assert!(left < limit && left > limit / 2);
}

#[tokio::test]
async fn the_callers_token_is_raised_by_the_answer() {
    let fake = Fake::start(Manner::Ahead("7.1.ff")).await;
    let channel = channel(&[fake.addr]);

    let (answer, seen) = api::token::scope(Given::Nothing, call(&channel)).await;

    answer.unwrap();
    let position = Position {
        timeline: 1,
        lsn: 255,
    };
    assert_eq!(seen, Given::Token(Token::at(7, position)));
}

/// Waits until a call has come in.
async fn arrived(fake: &Fake) {
    let arrival = async {
        while fake.calls() == 0 {
            tokio::task::yield_now().await;
        }
    };
    let limit = 2 * PATIENCE;
    tokio::time::timeout(limit, arrival).await.unwrap();
}
