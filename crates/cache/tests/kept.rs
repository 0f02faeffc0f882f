//! What was read elsewhere is kept, and found without a load.
#![cfg(test)]

mod common;

use std::time::Duration;

use api::token::{Given, ReadAt, Seen, scope, shown};
use cache::{Cache, Kept};
use common::{primary, process, replica, token, until};

const LONG: Duration = Duration::from_mins(5);

async fn keep(cache: &Cache<u64>, value: u64, lsn: u64, left: Duration) {
    let at = replica((), lsn);
    cache.keep("key", at, left, || value).await;
}

/// What a caller that came with `given` finds: a value, or why there is none.
async fn find(cache: &Cache<u64>, given: Given) -> Result<u64, &'static str> {
    match scope(given, cache.find("key")).await.0 {
        Kept::Serves(seen, _) => Ok(seen.value),
        Kept::TooOld => Err("too old"),
        Kept::Nothing => Err("nothing"),
    }
}

#[tokio::test]
async fn what_was_kept_is_found_here_and_elsewhere_by_who_has_seen_no_more() {
    let redis = testkit::redis().await;
    let (here, there) = tokio::join!(process(&redis), process(&redis));
    assert_eq!(find(&here, Given::Nothing).await, Err("nothing"));
    let mut lsn = 9;
    // What was kept before Redis was reached is kept in that process alone.
    until("it is found elsewhere", async || {
        lsn += 1;
        keep(&here, lsn, lsn, LONG).await;
        find(&there, Given::Nothing).await.is_ok()
    })
    .await;

    for cache in [&here, &there] {
        assert_eq!(find(cache, Given::Nothing).await, Ok(lsn));
        assert_eq!(find(cache, token(lsn)).await, Ok(lsn));
        assert_eq!(find(cache, token(lsn + 1)).await, Err("too old"));
        assert_eq!(find(cache, Given::Malformed).await, Err("too old"));
    }
}

#[tokio::test]
async fn what_is_newer_takes_the_place_of_what_was_kept_and_nothing_else_does() {
    let redis = testkit::redis().await;
    let here = process(&redis).await;
    keep(&here, 1, 10, LONG).await;

    keep(&here, 2, 9, LONG).await;
    assert_eq!(find(&here, Given::Nothing).await, Ok(1));
    keep(&here, 3, 11, LONG).await;
    assert_eq!(find(&here, Given::Nothing).await, Ok(3));
}

#[tokio::test]
async fn nothing_is_kept_for_longer_than_is_left_of_its_time() {
    let redis = testkit::redis().await;
    let (here, there) = tokio::join!(process(&redis), process(&redis));

    keep(&here, 1, 10, Duration::from_secs(3)).await;

    assert_eq!(find(&here, Given::Nothing).await, Ok(1));
    for cache in [&here, &there] {
        until("it is gone", async || {
            find(cache, Given::Nothing).await == Err("nothing")
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_served_says_where_it_was_read_and_how_much_of_its_time_is_left() {
    let redis = testkit::redis().await;
    let here = process(&redis).await;
    let get = async || {
        let read = async {
            let load = || async { Ok::<_, std::convert::Infallible>(primary(1, 10)) };
            let Ok(_) = here.get("key", load).await;
            shown().unwrap()
        };
        scope(Given::Nothing, read).await.0
    };

    let (first, second) = (get().await, get().await);

    let before: Seen<()> = replica((), 9);
    for read in [first, second] {
        assert_eq!(read.token, ReadAt::of(&before, LONG).token);
        assert!(read.left <= LONG && read.left > LONG / 2, "{read:?}");
    }
    assert!(second.left <= first.left);
}
