//! Redis is away, and comes back.
#![cfg(test)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::token::Given;
use cache::{Bounds, Cache, Redis};
use common::{Source, process, process_within, read, until};

/// Bounds under which nothing stays in the process, so that every read asks Redis.
fn only_redis() -> Bounds {
    Bounds::new(Duration::ZERO, Duration::from_mins(5), 1)
}

async fn is_used(redis: &testkit::Redis, cache: &Cache<u64>) -> bool {
    let source = Source::default();
    read(cache, Given::Nothing, &source, 1, 10).await;
    read(&process(redis).await, Given::Nothing, &source, 2, 20).await;
    source.loads() < 2
}

#[tokio::test]
async fn a_redis_that_is_killed_and_restarted_is_used_again_by_itself() {
    let redis = testkit::redis().await;
    let (cache, source) = (
        process_within(&redis, only_redis()).await,
        Source::default(),
    );
    read(&cache, Given::Nothing, &source, 1, 10).await;

    redis.kill().await;
    let without = read(&cache, Given::Nothing, &source, 2, 20).await;
    redis.restart().await.unwrap();

    assert_eq!(without, 2);
    until("redis is used again", async || {
        is_used(&redis, &cache).await
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_comes_up_late_is_used_then() {
    let redis = testkit::redis().await;
    redis.kill().await;
    let (cache, source) = (
        Cache::new(&Redis::connect(&redis.url()), "things", only_redis()),
        Source::default(),
    );

    let without = read(&cache, Given::Nothing, &source, 1, 10).await;
    redis.restart().await.unwrap();

    assert_eq!(without, 1);
    until("redis is used", async || is_used(&redis, &cache).await).await;
}

#[tokio::test]
async fn a_dead_redis_costs_a_request_nothing() {
    let redis = testkit::redis().await;
    let (cache, source) = (
        process_within(&redis, only_redis()).await,
        Source::default(),
    );
    read(&cache, Given::Nothing, &source, 1, 10).await;
    redis.kill().await;
    read(&cache, Given::Nothing, &source, 1, 10).await;

    let start = Instant::now();
    for _ in 0..1_000 {
        read(&cache, Given::Nothing, &source, 1, 10).await;
    }

    // Measured at 0.1 ms each; a wait for Redis would be 250.
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_frozen_redis_holds_up_the_first_who_meets_it_and_nobody_after() {
    let redis = testkit::redis().await;
    let (cache, source) = (
        process_within(&redis, only_redis()).await,
        Source::default(),
    );
    read(&cache, Given::Nothing, &source, 1, 10).await;
    redis.pause();
    let start = Instant::now();
    let without = read(&cache, Given::Nothing, &source, 2, 20).await;
    let first = start.elapsed();

    let mut took = Vec::new();
    for _ in 0..1_000 {
        let start = Instant::now();
        read(&cache, Given::Nothing, &source, 2, 20).await;
        took.push(start.elapsed());
    }

    assert_eq!(without, 2);
    // One wait for Redis is 250 ms: the first has it, and of the others not one in a hundred, however busy the machine is.
    assert!(first < Duration::from_secs(5), "{first:?}");
    took.sort_unstable();
    assert!(took[990] < Duration::from_millis(200), "{took:?}");
    redis.resume();
    until("redis is used again", async || {
        is_used(&redis, &cache).await
    })
    .await;
}

#[tokio::test]
async fn no_reader_fails_while_redis_is_killed_and_restarted_under_load() {
    let redis = testkit::redis().await;
    let cache = process_within(&redis, only_redis()).await;
    let (reads, end) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (counted, ended) = (reads.clone(), end.clone());
    let load = tokio::spawn(async move {
        let (source, mut longest) = (Source::default(), Duration::ZERO);
        while !ended.load(Ordering::Relaxed) {
            let asked = Instant::now();
            assert_eq!(read(&cache, Given::Nothing, &source, 1, 10).await, 1);
            longest = longest.max(asked.elapsed());
            counted.fetch_add(1, Ordering::Relaxed);
        }
        longest
    });
    let many_more = async || {
        let enough = reads.load(Ordering::Relaxed) + 100;
        let read = || std::future::ready(reads.load(Ordering::Relaxed) >= enough);
        until("readers go on", read).await;
    };

    for _ in 0..3 {
        many_more().await;
        redis.kill().await;
        many_more().await;
        redis.restart().await.unwrap();
    }
    many_more().await;
    end.store(true, Ordering::Relaxed);

    let longest = load.await.unwrap();
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

#[tokio::test]
async fn an_address_that_is_none_is_said_so_and_harms_nobody() {
    let cache = Cache::new(&Redis::connect("nonsense"), "things", Bounds::default());
    let source = Source::default();

    let served = read(&cache, Given::Nothing, &source, 1, 10).await;

    assert_eq!(served, 1);
    assert!(Redis::check("nonsense").is_err());
    assert!(Redis::check("redis://127.0.0.1:6379/0").is_ok());
    assert!(Redis::check("redis+sentinel://127.0.0.1:26379/mymaster/0#name").is_ok());
    assert!(Redis::check("redis+sentinel://127.0.0.1:26379#name").is_err());
}
