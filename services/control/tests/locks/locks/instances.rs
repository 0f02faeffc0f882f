//! Several instances, one queue.

use std::time::Duration;

use tokio::time::Instant;

use crate::house::{House, look, until, wish};

#[tokio::test]
async fn whoever_waits_at_another_instance_is_woken_at_once() {
    let house = House::open().await;
    let other = house.another().await;
    let (one, two) = (&house.one.locks, &other.locks);
    let mut held = wish("hall", "0");
    held.have(one).await.unwrap();
    let mut slow = 0;
    for turn in 1..=10 {
        let (here, there) = if turn % 2 == 0 {
            (two, one)
        } else {
            (one, two)
        };
        let next = wish("hall", &turn.to_string());
        let mut queued = next.queue(there).await.unwrap();
        let begun = Instant::now();

        held.release(here).await.unwrap();
        queued.turn().await.unwrap();

        // By the look once a second it would take half of one, on the average.
        slow += u8::from(begun.elapsed() > Duration::from_millis(250));
        held = next;
    }
    assert!(slow < 4, "{slow} of 10 were slow");
}

#[tokio::test]
async fn those_who_wait_at_a_killed_instance_vanish() {
    let house = House::open().await;
    let mut mortal = house.mortal().await;
    let locks = &house.one.locks;
    let held = wish("grave", "a");
    held.have(locks).await.unwrap();
    let lost = wish("grave", "b").queue(&mortal.locks).await.unwrap();
    let mut behind = wish("grave", "c").wait(60_000).queue(locks).await.unwrap();
    assert_eq!(look(locks, "grave").await.waiters.len(), 2);

    mortal.kill();
    drop(lost);

    let took = until("only one waits", async || {
        look(locks, "grave").await.waiters.len() == 1
    });
    let took = took.await;
    assert!(took < Duration::from_secs(8), "{took:?}");
    held.release(locks).await.unwrap();
    behind.turn().await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_sent_again_elsewhere_keeps_its_place() {
    let house = House::open().await;
    let mut mortal = house.mortal().await;
    let locks = &house.one.locks;
    let held = wish("place", "a");
    held.have(locks).await.unwrap();
    let (first, second) = (wish("place", "b"), wish("place", "c"));
    let _lost = first.queue(&mortal.locks).await.unwrap();
    let _behind = second.queue(locks).await.unwrap();

    mortal.kill();
    let mut again = first.queue(locks).await.unwrap();
    held.release(locks).await.unwrap();

    again.turn().await.unwrap();
    assert_eq!(look(locks, "place").await.waiters[0].owner, "c");
}

#[tokio::test]
async fn what_no_hint_tells_is_seen_within_two_seconds() {
    let house = House::open().await;
    let other = house.another().await;
    let held = wish("quiet", "a");
    held.have(&house.one.locks).await.unwrap();
    let mut queued = wish("quiet", "b").queue(&other.locks).await.unwrap();
    let begun = Instant::now();

    // As an instance does that ends between its commit and its hint.
    let passed_on =
        "update lock_claims set token = nextval('lock_tokens'), granted_at = now(), timeline = 1,
        expires_at = now() + interval '10 seconds' where owner = 'b'";
    sqlx::query(passed_on)
        .execute(house.database.pool())
        .await
        .unwrap();

    queued.turn().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2));
}
