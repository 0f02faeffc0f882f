//! What may replace what, and for how long.
#![cfg(test)]

mod common;

use std::convert::Infallible;
use std::time::{Duration, Instant};

use api::token::{Given, Position, Seen, Token};
use cache::{Bounds, Cache, Redis};
use common::{CLUSTER, Source, cut_off, process, process_within, read, replica, token, until};
use tokio::sync::Notify;

#[tokio::test]
async fn a_fill_never_replaces_a_newer_version() {
    let redis = testkit::redis().await;
    let (slow, quick, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    let (begun, go_on) = (Notify::new(), Notify::new());
    let old = slow.get("key", || async {
        begun.notify_one();
        go_on.notified().await;
        Ok::<_, Infallible>(replica(1, 10))
    });
    let new = async {
        begun.notified().await;
        read(&quick, Given::Nothing, &source, 2, 20).await;
        go_on.notify_one();
    };

    let (Ok(_), ()) = tokio::join!(old, new);

    let kept = read(&process(&redis).await, Given::Nothing, &source, 3, 30).await;
    assert_eq!(kept, 2);
}

#[tokio::test]
async fn a_slower_load_does_not_replace_a_newer_one_in_its_own_process() {
    let redis = testkit::redis().await;
    redis.kill().await;
    let (cache, source) = (cut_off(&redis), Source::default());
    let (begun, go_on) = (Notify::new(), Notify::new());
    let old = cache.get("key", || async {
        begun.notify_one();
        go_on.notified().await;
        Ok::<_, Infallible>(replica(1, 10))
    });
    let new = async {
        begun.notified().await;
        // Loads for itself, since nothing that is shared may serve it.
        read(&cache, Given::Malformed, &source, 2, 20).await;
        go_on.notify_one();
    };

    let (Ok(_), ()) = tokio::join!(old, new);

    assert_eq!(read(&cache, Given::Nothing, &source, 3, 30).await, 2);
}

#[tokio::test]
async fn what_was_read_before_a_write_is_not_taken_after_it() {
    let redis = testkit::redis().await;
    let (reader, writer, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    let (begun, go_on) = (Notify::new(), Notify::new());
    let old = reader.get("key", || async {
        begun.notify_one();
        go_on.notified().await;
        Ok::<_, Infallible>(replica(1, 10))
    });
    let write = async {
        begun.notified().await;
        writer.invalidate("key", token(15)).await;
        go_on.notify_one();
    };

    let (Ok(_), ()) = tokio::join!(old, write);

    let elsewhere = read(&process(&redis).await, Given::Nothing, &source, 2, 20).await;
    assert_eq!(elsewhere, 2);
}

#[tokio::test]
async fn what_a_replica_that_lags_behind_a_promotion_says_is_not_taken_for_newer_than_a_write_before_it()
 {
    let redis = testkit::redis().await;
    let (reader, writer) = (process(&redis).await, process(&redis).await);
    writer.invalidate("key", token(15)).await;

    read_later(&reader, 1, 12).await;

    assert_eq!(read_later(&process(&redis).await, 2, 15).await, 2);
    assert_eq!(read_later(&process(&redis).await, 3, 20).await, 2);
}

#[tokio::test]
async fn what_a_replica_that_lags_behind_a_promotion_said_is_dropped_by_a_write_before_it() {
    let redis = testkit::redis().await;
    let (reader, writer) = (process(&redis).await, process(&redis).await);
    read_later(&reader, 1, 12).await;

    writer.invalidate("key", token(15)).await;

    assert_eq!(read_later(&process(&redis).await, 2, 15).await, 2);
}

/// Reads through `cache` on a replica that has heard of a promotion, and replayed up to `lsn`.
async fn read_later(cache: &Cache<u64>, value: u64, lsn: u64) -> u64 {
    let position = Position { timeline: 2, lsn };
    let seen = Seen {
        position,
        ..replica(value, lsn)
    };
    let Ok(served) = cache.get("key", async || Ok::<_, Infallible>(seen)).await;
    served.value
}

#[tokio::test]
async fn what_was_read_before_a_write_is_not_taken_by_the_process_that_wrote() {
    let redis = testkit::redis().await;
    redis.kill().await;
    let (cache, source) = (cut_off(&redis), Source::default());
    cache.invalidate("key", token(15)).await;

    read(&cache, Given::Nothing, &source, 1, 10).await;
    let again = read(&cache, Given::Nothing, &source, 2, 20).await;
    let kept = read(&cache, Given::Nothing, &source, 3, 30).await;

    assert_eq!((again, kept), (2, 2));
}

#[tokio::test]
async fn a_write_drops_what_is_kept() {
    let redis = testkit::redis().await;
    let (here, there, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    read(&here, Given::Nothing, &source, 1, 10).await;

    here.invalidate("key", token(15)).await;

    assert_eq!(read(&there, Given::Nothing, &source, 2, 20).await, 2);
    assert_eq!(read(&here, Given::Nothing, &source, 3, 30).await, 2);
}

#[tokio::test]
async fn a_write_leaves_what_was_read_after_it() {
    let redis = testkit::redis().await;
    let (here, there, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    read(&here, Given::Nothing, &source, 2, 20).await;

    here.invalidate("key", token(15)).await;

    assert_eq!(read(&there, Given::Nothing, &source, 3, 30).await, 2);
    assert_eq!(read(&here, Given::Nothing, &source, 3, 30).await, 2);
}

#[tokio::test]
async fn a_late_and_older_invalidation_does_not_lower_a_newer_one() {
    let redis = testkit::redis().await;
    let (writer, reader, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    writer.invalidate("key", token(25)).await;
    writer.invalidate("key", token(15)).await;

    read(&reader, Given::Nothing, &source, 2, 20).await;
    let again = read(&process(&redis).await, Given::Nothing, &source, 3, 30).await;

    assert_eq!(again, 3);
}

#[tokio::test]
async fn a_write_at_an_unknown_position_keeps_its_key_out_for_one_life() {
    let redis = testkit::redis().await;
    let bounds = Bounds::new(Duration::from_millis(100), Duration::from_secs(2), 100);
    let (cache, source) = (process_within(&redis, bounds).await, Source::default());
    cache
        .invalidate("key", Given::Token(Token::primary_only(CLUSTER)))
        .await;

    let taken = read(&cache, Given::Nothing, &source, 1, 10).await;
    let elsewhere = read(
        &process_within(&redis, bounds).await,
        Given::Nothing,
        &source,
        2,
        20,
    )
    .await;

    assert_eq!((taken, elsewhere), (1, 2));
    until("the key is kept again", async || {
        let before = source.loads();
        read(&cache, Given::Nothing, &source, 3, 30).await;
        read(
            &process_within(&redis, bounds).await,
            Given::Nothing,
            &source,
            3,
            30,
        )
        .await;
        source.loads() <= before + 1
    })
    .await;
}

#[tokio::test]
async fn a_write_can_drop_every_entry_at_once() {
    let redis = testkit::redis().await;
    let (here, there, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    read(&here, Given::Nothing, &source, 1, 10).await;

    here.invalidate_all(token(15)).await;

    assert_eq!(read(&here, Given::Nothing, &source, 2, 12).await, 2);
    assert_eq!(read(&there, Given::Nothing, &source, 3, 14).await, 3);
    assert_eq!(read(&there, Given::Nothing, &source, 4, 20).await, 4);
    assert_eq!(read(&here, Given::Nothing, &source, 5, 30).await, 4);
}

#[tokio::test]
async fn no_entry_outlives_its_bound_though_every_invalidation_is_lost() {
    let redis = testkit::redis().await;
    let (in_process, in_redis) = (Duration::from_millis(100), Duration::from_millis(300));
    let bounds = Bounds::new(in_process, in_redis, 100);
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(process_within(&redis, bounds).await);
    }
    let start = Instant::now();
    let mut oldest = Duration::ZERO;
    let mut kept = 0_u32;

    // The value is the moment it was read at: what is served tells its age.
    let seen_enough = |kept, oldest| kept > 100 && oldest > in_process;
    while start.elapsed() < Duration::from_secs(2)
        || (!seen_enough(kept, oldest) && start.elapsed() < Duration::from_mins(1))
    {
        for cache in &processes {
            let asked = start.elapsed();
            let load = || async { Ok::<_, Infallible>(replica(micros(start.elapsed()), 10)) };
            let Ok(served) = cache.get("key", load).await;
            let age = asked.saturating_sub(Duration::from_micros(served.value));
            kept += u32::from(!age.is_zero());
            oldest = oldest.max(age);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    assert!(kept > 100, "served from the cache only {kept} times");
    assert!(oldest > in_process, "nothing was served from redis");
    assert!(oldest <= in_redis, "served {oldest:?} old");
}

#[tokio::test]
async fn a_fill_that_redis_takes_late_lives_no_longer() {
    let redis = testkit::redis().await;
    let life = Duration::from_millis(400);
    let bounds = Bounds::new(Duration::from_millis(100), life, 100);
    let (cache, source) = (process_within(&redis, bounds).await, Source::default());
    let load = || async {
        redis.pause();
        Ok::<_, Infallible>(replica(1, 10))
    };
    let filled = Instant::now();
    let Ok(_) = cache.get("key", load).await;
    // The fill lies in front of the frozen Redis for longer than its entry may live.
    let over = || std::future::ready(filled.elapsed() > 2 * life);
    until("its life is over", over).await;
    redis.resume();

    let served = read(
        &process_within(&redis, bounds).await,
        Given::Nothing,
        &source,
        2,
        20,
    )
    .await;

    assert_eq!(served, 2);
}

#[tokio::test]
async fn two_shops_share_a_redis_by_names_of_their_own() {
    let redis = testkit::redis().await;
    let shop = |name: &str| {
        let redis = Redis::connect(&format!("{}/0#{name}", redis.url()));
        cache::Cache::new(&redis, "things", Bounds::default())
    };
    let source = Source::default();
    read(&shop("a"), Given::Nothing, &source, 1, 10).await;

    let other = read(&shop("b"), Given::Nothing, &source, 2, 20).await;
    let same = read(&shop("a"), Given::Nothing, &source, 3, 30).await;

    assert_eq!((other, same), (2, 1));
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap()
}
