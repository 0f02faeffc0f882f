//! How grants and waits end.

use std::time::Duration;

use tokio::time::Instant;

use crate::house::{House, look, refusal, until, wish};

#[tokio::test]
async fn a_lease_that_ran_out_is_passed_on_within_a_second() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let held = wish("worn", "a").ttl(1_000);
    held.have(locks).await.unwrap();
    let begun = Instant::now();
    let mut queued = wish("worn", "b").queue(locks).await.unwrap();

    queued.turn().await.unwrap();

    let took = begun.elapsed();
    assert!(took > Duration::from_millis(900), "{took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(refusal(held.renew(locks).await), "LOST");
}

#[tokio::test]
async fn a_wait_that_is_over_or_given_up_leaves_nothing_behind() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let held = wish("kept", "a");
    held.have(locks).await.unwrap();

    let none = wish("kept", "b").wait(0).have(locks).await;
    let short = wish("kept", "c").wait(100).have(locks).await;
    let left = wish("kept", "d").queue(locks).await.unwrap();
    assert_eq!(look(locks, "kept").await.waiters.len(), 1);
    drop(left);

    assert_eq!(refusal(none), "HELD");
    assert_eq!(refusal(short), "HELD");
    until("the wait is gone", async || {
        look(locks, "kept").await.waiters.is_empty()
    })
    .await;
    held.release(locks).await.unwrap();
    assert_eq!(look(locks, "kept").await.holders, []);
}

#[tokio::test]
async fn one_who_left_does_not_hold_up_those_behind() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let held = wish("line", "a");
    held.have(locks).await.unwrap();
    let left = wish("line", "b").queue(locks).await.unwrap();
    let mut behind = wish("line", "c").queue(locks).await.unwrap();

    drop(left);
    held.release(locks).await.unwrap();

    behind.turn().await.unwrap();
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let long = "x".repeat(201);

    for refused in [
        wish("", "a"),
        wish("a b", "a"),
        wish(&long, "a"),
        wish("a", ""),
        wish("a", &long),
        wish("a", "a").ttl(999),
        wish("a", "a").ttl(3_600_001),
        wish("a", "a").wait(60_001),
    ] {
        assert_eq!(refusal(refused.have(locks).await), "INVALID");
    }
}
