//! A private Redis: pausable, killable, empty when it comes back. Two under Sentinels: one stands in for the other.
#![cfg(test)]

use std::time::Duration;

use stack::{Process, Redis, RedisHa, RedisPlan, Sentinel, Standing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Says one command and answers the first line of what came back.
async fn say(redis: &Redis, command: &str) -> std::io::Result<String> {
    say_at(redis.port(), command).await
}

async fn say_at(port: u16, command: &str) -> std::io::Result<String> {
    let mut wire = TcpStream::connect(("127.0.0.1", port)).await?;
    wire.write_all(format!("{command}\r\n").as_bytes()).await?;
    let mut heard = [0; 64];
    let count = wire.read(&mut heard).await?;
    Ok(String::from_utf8_lossy(&heard[..count])
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned())
}

#[tokio::test]
async fn a_killed_redis_refuses_and_comes_back_empty_at_its_old_address() {
    let redis = Redis::start().await.unwrap();
    assert_eq!(say(&redis, "SET mug 1").await.unwrap(), "+OK");

    redis.kill().await;
    assert!(say(&redis, "GET mug").await.is_err());
    redis.restart().await.unwrap();

    assert_eq!(say(&redis, "GET mug").await.unwrap(), "$-1");
}

#[tokio::test]
async fn a_paused_redis_answers_when_it_is_resumed() {
    let redis = Redis::start().await.unwrap();
    redis.pause();

    let mut asked = Box::pin(say(&redis, "PING"));

    assert!(
        timeout(Duration::from_millis(100), &mut asked)
            .await
            .is_err()
    );
    redis.resume();
    assert_eq!(
        timeout(Duration::from_secs(10), asked)
            .await
            .unwrap()
            .unwrap(),
        "+PONG"
    );
}

/// Two under Sentinels; the supervisor starts again what has ended.
async fn supervised() -> RedisHa {
    let plan = RedisPlan {
        supervised: true,
        wired: false,
        tls: None,
    };
    RedisHa::start(plan).await.unwrap()
}

async fn until(what: &str, event: impl AsyncFn() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !event().await {
        assert!(Instant::now() < end, "waited in vain until {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_comes_back_as_a_replica_and_nothing_is_forgotten() {
    let redis = supervised().await;
    let before = redis.primary().await.unwrap();
    say_at(before.port(), "SET mug 1").await.unwrap();
    // Within a second of its start it would be started again late enough for the Sentinels to miss it, whoever sees to it.
    sleep(Duration::from_millis(1500)).await;
    until("the replica has it", async || {
        redis.behind().await == Some(0)
    })
    .await;

    before.process().kill().await;
    redis.in_step().await.unwrap();

    let now = redis.primary().await.unwrap();
    assert_ne!(now.name(), before.name());
    assert_eq!(say_at(now.port(), "GET mug").await.unwrap(), "$1");
    assert_eq!(say_at(before.port(), "GET mug").await.unwrap(), "$1");
    assert_eq!(
        say_at(before.port(), "SET mug 2")
            .await
            .unwrap()
            .split(' ')
            .next(),
        Some("-READONLY")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_replica_and_a_killed_sentinel_come_back_and_the_primary_stays() {
    let redis = supervised().await;
    let primary = redis.primary().await.unwrap();
    let mut servers = redis.servers().iter();
    let replica = servers.find(|one| one.name() != primary.name()).unwrap();
    say_at(primary.port(), "SET mug 1").await.unwrap();

    replica.process().kill().await;
    redis.sentinels()[0].process().kill().await;
    redis.in_step().await.unwrap();

    assert_eq!(redis.primary().await.unwrap().name(), primary.name());
    assert_eq!(say_at(replica.port(), "GET mug").await.unwrap(), "$1");
    assert!(matches!(replica.standing().await, Standing::Replica { .. }));
    assert!(redis.sentinels()[0].has_quorum().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_it_killed_at_once_comes_back_in_step() {
    let redis = supervised().await;
    let sentinels = redis.sentinels().iter().map(|one| &**one.process());
    let all: Vec<&Process> = redis
        .servers()
        .iter()
        .map(|one| one.process())
        .chain(sentinels)
        .collect();

    futures::future::join_all(all.iter().map(|one| one.kill())).await;
    redis.in_step().await.unwrap();

    let primary = redis.primary().await.unwrap();
    assert_eq!(say_at(primary.port(), "SET mug 1").await.unwrap(), "+OK");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_two_redis_and_their_sentinels() {
    let redis = supervised().await;
    let sentinels = redis.sentinels().iter().map(Sentinel::port);
    let ports: Vec<u16> = sentinels
        .chain(redis.servers().iter().map(|one| one.port()))
        .collect();

    drop(redis);

    for port in ports {
        until("nobody listens", async || {
            say_at(port, "PING").await.is_err()
        })
        .await;
    }
}
