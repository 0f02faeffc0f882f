//! What was asked for a moment ago serves again, by the rules of everything that is kept.
#![cfg(test)]

mod common;

use std::time::Duration;

use api::token::{Given, scope};
use cache::{Redis, Shelf};
use common::{replica, token, until};

const LONG: Duration = Duration::from_mins(5);

async fn find(shelf: &Shelf<u64>, given: Given) -> Option<u64> {
    scope(given, shelf.find("key")).await.0
}

#[tokio::test]
async fn it_serves_who_has_seen_no_more_for_a_moment() {
    let redis = testkit::redis().await;
    let redis = Redis::connect(&redis.url());
    let shelf = Shelf::new(&redis, Duration::from_secs(2), 10);
    assert_eq!(find(&shelf, Given::Nothing).await, None);

    shelf.keep("key", replica((), 10), LONG, 1).await;

    for given in [Given::Nothing, token(9), token(10)] {
        assert_eq!(find(&shelf, given).await, Some(1), "{given:?}");
    }
    for given in [token(11), Given::Malformed] {
        assert_eq!(find(&shelf, given).await, None, "{given:?}");
    }
    until("its moment is over", async || {
        find(&shelf, Given::Nothing).await.is_none()
    })
    .await;
    shelf.keep("key", replica((), 10), LONG, 2).await;
    assert_eq!(find(&shelf, Given::Nothing).await, Some(2));
}

#[tokio::test]
async fn nothing_is_kept_longer_than_it_may_be_shown_nor_where_operators_want_no_caches() {
    let redis = testkit::redis().await;
    let redis = Redis::connect(&redis.url());
    let shelf = Shelf::new(&redis, LONG, 10);

    shelf.keep("key", replica((), 10), Duration::ZERO, 1).await;
    assert_eq!(find(&shelf, Given::Nothing).await, None);

    redis.allow(Some(Duration::ZERO));
    shelf.keep("key", replica((), 11), LONG, 2).await;
    assert_eq!(find(&shelf, Given::Nothing).await, None);

    redis.allow(None);
    shelf.keep("key", replica((), 12), LONG, 3).await;
    assert_eq!(find(&shelf, Given::Nothing).await, Some(3));
}
