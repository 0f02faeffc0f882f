//! What is served, and to whom.
#![cfg(test)]

mod common;

use std::convert::Infallible;
use std::sync::Arc;

use api::token::{Given, Seen, Token};
use cache::{Bounds, Cache, Redis};
use common::{CLUSTER, Source, cut_off, primary, process, read, replica, token};

#[tokio::test]
async fn what_was_loaded_is_served_again_in_this_process_and_in_others() {
    let redis = testkit::redis().await;
    let (here, there, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    read(&here, Given::Nothing, &source, 1, 10).await;

    let again = read(&here, Given::Nothing, &source, 2, 20).await;
    let elsewhere = read(&there, Given::Nothing, &source, 3, 30).await;

    assert_eq!((again, elsewhere, source.loads()), (1, 1, 1));
}

#[tokio::test]
async fn what_does_not_exist_is_remembered_as_well() {
    let redis = testkit::redis().await;
    let redis = Redis::connect(&redis.url());
    let cache: Cache<Option<u64>> = Cache::new(&redis, "absences", Bounds::default());
    let missing = || async { Ok::<_, Infallible>(replica(0, 10).map(|_| None)) };
    let Ok(_) = cache.get("key", missing).await;

    let Ok(again) = cache
        .get("key", || async {
            unreachable!("it was loaded") as Result<_, Infallible>
        })
        .await;

    assert_eq!(again.value, None);
}

#[tokio::test]
async fn a_caller_who_has_seen_more_is_not_served_from_either_level() {
    let redis = testkit::redis().await;
    let (here, there, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    read(&here, Given::Nothing, &source, 1, 10).await;

    let fresh = read(&here, token(11), &source, 2, 11).await;
    let elsewhere = read(&there, token(12), &source, 3, 12).await;

    assert_eq!((fresh, elsewhere, source.loads()), (2, 3, 3));
}

#[tokio::test]
async fn what_a_replica_showed_serves_a_token_of_the_same_position() {
    let redis = testkit::redis().await;
    let (here, source) = (process(&redis).await, Source::default());
    read(&here, Given::Nothing, &source, 1, 10).await;

    let served = read(&here, token(10), &source, 2, 20).await;

    assert_eq!(served, 1);
}

#[tokio::test]
async fn what_the_primary_showed_serves_only_a_token_of_a_lower_position() {
    let redis = testkit::redis().await;
    let (here, there, source) = (
        process(&redis).await,
        process(&redis).await,
        Source::default(),
    );
    let Ok(_) = here.get("key", || source.primary(1, 10)).await;

    let lower = read(&there, token(9), &source, 2, 20).await;
    let same = read(&here, token(10), &source, 3, 30).await;

    assert_eq!((lower, same), (1, 3));
}

#[tokio::test]
async fn what_was_served_still_tells_where_it_was_read() {
    let redis = testkit::redis().await;
    let (here, there) = (process(&redis).await, process(&redis).await);
    let load = || async { Ok::<_, Infallible>(primary(1, 10)) };
    let Ok(_) = here.get("key", load).await;

    let Ok(served) = there
        .get("key", || async {
            unreachable!("redis has it") as Result<_, Infallible>
        })
        .await;

    let Seen {
        cluster,
        position,
        primary,
        ..
    } = served;
    assert_eq!(
        (cluster, position, primary),
        (CLUSTER, common::position(10), true)
    );
}

#[tokio::test]
async fn a_token_that_only_the_primary_may_serve_is_served_nothing() {
    let redis = testkit::redis().await;
    let (here, source) = (process(&redis).await, Source::default());
    let demanding = [Given::Malformed, Given::Token(Token::primary_only(CLUSTER))];
    read(&here, Given::Nothing, &source, 1, 10).await;

    for given in demanding {
        assert_eq!(read(&here, given, &source, 2, 20).await, 2);
    }

    assert_eq!(source.loads(), 3);
}

#[tokio::test]
async fn a_token_of_another_cluster_is_served_nothing() {
    let redis = testkit::redis().await;
    let (here, source) = (process(&redis).await, Source::default());
    let elsewhere = Given::Token(Token::at(CLUSTER + 1, common::position(1)));
    read(&here, Given::Nothing, &source, 1, 10).await;

    let served = read(&here, elsewhere, &source, 2, 20).await;

    assert_eq!(served, 2);
}

#[tokio::test]
async fn a_hundred_that_miss_at_once_load_once() {
    let redis = testkit::redis().await;
    let (cache, source) = (process(&redis).await, Arc::new(Source::default()));

    let readers = (0..100).map(|_| {
        let (cache, source) = (cache.clone(), source.clone());
        tokio::spawn(async move { read(&cache, Given::Nothing, &source, 1, 10).await })
    });
    let served = futures(readers.collect()).await;

    assert_eq!((served, source.loads()), (vec![1; 100], 1));
}

#[tokio::test]
async fn a_hundred_that_miss_at_once_load_once_without_redis_too() {
    let redis = testkit::redis().await;
    redis.kill().await;
    let (cache, source) = (cut_off(&redis), Arc::new(Source::default()));

    let readers = (0..100).map(|_| {
        let (cache, source) = (cache.clone(), source.clone());
        tokio::spawn(async move { read(&cache, Given::Nothing, &source, 1, 10).await })
    });
    let served = futures(readers.collect()).await;

    assert_eq!((served, source.loads()), (vec![1; 100], 1));
}

#[tokio::test]
async fn who_waits_for_a_load_that_fails_loads_for_itself() {
    let redis = testkit::redis().await;
    let cache = process(&redis).await;
    let (begun, fail) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    let failing = cache.get("key", || async {
        begun.notify_one();
        fail.notified().await;
        Err("no")
    });
    let waiting = async {
        begun.notified().await;
        let waiting = cache.get("key", || async { Ok::<_, &str>(replica(1, 10)) });
        tokio::pin!(waiting);
        // It must be on board before the flight fails.
        assert!(futures_poll(waiting.as_mut()).await.is_none());
        fail.notify_one();
        waiting.await
    };

    let (failed, waited) = tokio::join!(failing, waiting);

    assert!(failed.is_err());
    assert_eq!(waited.unwrap().value, 1);
}

#[tokio::test]
async fn who_waits_for_a_caller_that_goes_away_is_served_all_the_same() {
    let redis = testkit::redis().await;
    let (cache, source) = (process(&redis).await, Source::default());
    let forever = cache.get("key", || async {
        std::future::pending::<()>().await;
        Ok::<_, Infallible>(replica(0, 0))
    });
    let mut forever = Box::pin(forever);
    assert!(futures_poll(forever.as_mut()).await.is_none());
    let mut waiting = Box::pin(read(&cache, Given::Nothing, &source, 1, 10));
    assert!(futures_poll(waiting.as_mut()).await.is_none());

    drop(forever);

    assert_eq!(waiting.await, 1);
}

#[tokio::test]
async fn a_load_that_fails_is_not_kept() {
    let redis = testkit::redis().await;
    let (cache, source) = (process(&redis).await, Source::default());
    let failed = cache
        .get("key", || async { Err::<Seen<u64>, _>("no") })
        .await;
    assert!(failed.is_err());

    let served = read(&cache, Given::Nothing, &source, 1, 10).await;

    assert_eq!((served, source.loads()), (1, 1));
}

#[tokio::test]
async fn an_entry_of_another_shape_is_loaded_anew() {
    let redis = testkit::redis().await;
    let connection = Redis::connect(&redis.url());
    let older: Cache<String> = Cache::new(&connection, "things", Bounds::default());
    let word = || async { Ok::<_, Infallible>(replica(0, 10).map(|_| "one".to_owned())) };
    let Ok(_) = older.get("key", word).await;
    let source = Source::default();

    let served = read(&process(&redis).await, Given::Nothing, &source, 1, 10).await;
    let again = read(&process(&redis).await, Given::Nothing, &source, 2, 20).await;

    assert_eq!((served, again, source.loads()), (1, 1, 1));
}

/// Runs `future` for a moment; `None` when it is not ready.
async fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    // Long enough for what it asks of Redis; what it waits for then does not come by itself.
    tokio::time::timeout(std::time::Duration::from_millis(50), future)
        .await
        .ok()
}

async fn futures(tasks: Vec<tokio::task::JoinHandle<u64>>) -> Vec<u64> {
    let mut served = Vec::new();
    for task in tasks {
        served.push(task.await.unwrap());
    }
    served
}
