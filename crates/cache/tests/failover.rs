//! The primary is lost, and another Redis takes over.
#![cfg(test)]

mod common;

use std::io::Write as _;
use std::time::{Duration, Instant};

use api::token::{Given, scope};
use cache::Cache;
use common::load::{Load, another};
use common::{Source, read, token, until};
use testkit::{Certified, RedisHa};

/// Says a command to the Redis or the Sentinel of `redis` at `port`.
async fn tell<T: redis::FromRedisValue>(redis: &RedisHa, port: u16, words: &[&str]) -> T {
    let client = redis.client(port).unwrap();
    let mut wire = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut wire).await.unwrap()
}

async fn replica_has_all(redis: &RedisHa) {
    until("the replica has all", async || {
        redis.behind().await == Some(0)
    })
    .await;
}

/// One that is spoken to plainly, and one over TLS and with a password.
async fn both(certified: &Certified) -> [RedisHa; 2] {
    let plain = testkit::redis_ha().await;
    [plain, testkit::locked_redis_ha(certified).await]
}

/// Does `deed` under load, and waits for hits on the new primary.
async fn strike(what: &str, redis: &RedisHa, deed: impl AsyncFnOnce()) {
    let load = Load::begin(&redis.url());
    load.hits_go_on().await;
    let before = redis.primary().await.unwrap().name().to_owned();

    let struck = Instant::now();
    deed().await;
    until("another one leads", async || {
        redis.primary().await.is_ok_and(|now| now.name() != before)
    })
    .await;
    load.hits_go_on().await;
    let out = struck.elapsed();

    let longest = load.end().await;
    let mark = if out > Duration::from_secs(5) {
        " (beyond its aim)"
    } else {
        ""
    };
    let url = redis.url();
    let (scheme, _) = url.split_once(':').unwrap();
    let line = format!(
        "{what} ({scheme}): no reader failed, hits again after {:.1} s{mark} (aim 3 to 5), slowest read {} ms",
        out.as_secs_f64(),
        longest.as_millis()
    );
    // Whoever reads it may have gone.
    let _ = writeln!(std::io::stdout(), "{line}");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_is_followed_by_its_replica_and_no_reader_fails() {
    let certified = Certified::new().unwrap();
    for redis in both(&certified).await {
        let primary = redis.primary().await.unwrap();

        strike("kill -9 the Redis primary", &redis, async || {
            primary.process().kill().await;
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_primary_is_followed_by_its_replica_and_no_reader_fails() {
    let certified = Certified::new().unwrap();
    let redis = testkit::locked_redis_ha(&certified).await;
    let primary = redis.primary().await.unwrap();

    strike("freeze the Redis primary", &redis, async || {
        primary.process().pause();
    })
    .await;

    // It takes itself for the primary until it is told otherwise.
    primary.process().resume();
    let (cache, source) = (another(&redis.url()), Source::default());
    let written = async || {
        read(&cache, Given::Nothing, &source, 1, 10).await;
        let now = redis.primary().await.unwrap().port();
        tell::<u64>(&redis, now, &["DBSIZE"]).await > 0
    };
    until("the new one is written to", written).await;
    assert_ne!(redis.primary().await.unwrap().name(), primary.name());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_cut_off_is_followed_by_its_replica_and_no_reader_fails() {
    let redis = testkit::redis_ha().await;
    let primary = redis.primary().await.unwrap();

    strike("cut the Redis primary off", &redis, async || {
        primary.wire().unwrap().cut();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_redis_and_any_sentinel_readers_go_on_and_hits_come_back_with_them() {
    let certified = Certified::new().unwrap();
    for redis in both(&certified).await {
        all_gone_for_a_while(&redis).await;
    }
}

async fn all_gone_for_a_while(redis: &RedisHa) {
    let load = Load::begin(&redis.url());
    load.hits_go_on().await;

    for sentinel in redis.sentinels() {
        sentinel.process().kill().await;
    }
    load.hits_go_on().await;
    for server in redis.servers() {
        server.process().kill().await;
    }
    let (url, source) = (redis.url(), Source::default());
    assert_eq!(
        read(&another(&url), Given::Nothing, &source, 2, 10).await,
        2
    );
    for sentinel in redis.sentinels() {
        sentinel.process().start_again().unwrap();
    }
    let restarts = redis.servers().iter().map(|server| server.restart());
    futures::future::try_join_all(restarts).await.unwrap();
    redis.in_step().await.unwrap();
    load.hits_go_on().await;

    let longest = load.end().await;
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_sentinels_name_no_more_is_left_though_it_answers() {
    let (redis, elsewhere) = (testkit::redis_ha().await, testkit::redis().await);
    let (cache, source) = (another(&redis.url()), Source::default());
    read(&cache, Given::Nothing, &source, 1, 10).await;

    let port = elsewhere.port().to_string();
    for sentinel in redis.sentinels() {
        let tell = async |words: &[&str]| tell::<()>(&redis, sentinel.port(), words).await;
        tell(&["SENTINEL", "REMOVE", "holdfast"]).await;
        tell(&["SENTINEL", "MONITOR", "holdfast", "127.0.0.1", &port, "2"]).await;
    }

    until("the other one is used", async || {
        read(&cache, Given::Nothing, &source, 1, 10).await;
        tell::<u64>(&redis, elsewhere.port(), &["DBSIZE"]).await > 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_lagging_replica_brings_back_is_shown_to_nobody_who_has_seen_more() {
    let redis = testkit::redis_ha().await;
    let url = redis.url();
    let (writer, other) = (another(&url), another(&url));
    for key in ["mug", "cup"] {
        ask(&writer, key, Given::Nothing, 1, 10).await;
    }
    replica_has_all(&redis).await;
    let primary = redis.primary().await.unwrap();
    let mut servers = redis.servers().iter();
    let replica = servers.find(|one| one.name() != primary.name()).unwrap();

    // The replica hears nothing any more, so the invalidations die with the primary.
    replica.process().pause();
    tell::<u64>(
        &redis,
        primary.port(),
        &["CLIENT", "KILL", "TYPE", "replica"],
    )
    .await;
    writer.invalidate("mug", token(20)).await;
    writer.invalidate("cup", token(20)).await;
    primary.process().kill().await;
    replica.process().resume();
    until("the replica leads", async || {
        let now = redis.primary().await;
        now.is_ok_and(|now| now.name() == replica.name())
    })
    .await;

    for cache in [&other, &writer] {
        until("both use the new primary", async || {
            let key = "another";
            ask(cache, key, Given::Nothing, 1, 1).await;
            ask(cache, key, Given::Nothing, 2, 1).await == 1
        })
        .await;
    }
    // Who has seen nothing is shown what was before, for as long as an entry lives: the bound of every cache here.
    assert_eq!(ask(&other, "mug", Given::Nothing, 2, 20).await, 1);
    let life: i64 = tell(&redis, replica.port(), &["PTTL", "holdfast:things:v:mug"]).await;
    assert!((1..=300_000).contains(&life), "{life}");

    // Who has seen the write is not; nor is who asks the process that made it, and then nobody is.
    assert_eq!(ask(&other, "mug", token(20), 2, 20).await, 2);
    assert_eq!(ask(&writer, "cup", Given::Nothing, 2, 20).await, 2);
    assert_eq!(ask(&other, "cup", Given::Nothing, 3, 30).await, 2);
}

/// Asks for `key`, which the database has as `value` at `lsn`.
async fn ask(cache: &Cache<u64>, key: &str, given: Given, value: u64, lsn: u64) -> u64 {
    let source = Source::default();
    let read = async {
        let Ok(seen) = cache.get(key, || source.replica(value, lsn)).await;
        seen.value
    };
    scope(given, read).await.0
}
