//! The guard: what its holder hears, and what it leaves behind.

use std::time::Duration;

use lock::{Error, Locks, Terms};
use tokio::time::{sleep, timeout};

use crate::house::{House, look, until, wish};

const SHORT: Terms = Terms {
    mode: lock::Mode::Exclusive,
    ttl: Duration::from_secs(1),
    wait: Duration::from_secs(10),
    max_hold: None,
};

#[tokio::test]
async fn a_guard_is_kept_alive_beyond_its_ttl_and_released_when_dropped() {
    let house = House::open().await;
    let locks = Locks::over(house.one.channel.clone());
    let guard = locks.owner("a").acquire("kept", SHORT).await.unwrap();

    let work = guard.run(sleep(Duration::from_millis(2_500))).await;
    assert_eq!(work, Ok(()));
    assert!(guard.is_held());
    let token = look(&house.one.locks, "kept").await.holders[0].token;
    assert_eq!(token, guard.fence().token());
    drop(guard);

    until("it is released", async || {
        look(&house.one.locks, "kept").await.holders.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_guard_whose_lock_is_taken_away_says_so_and_ends_the_work() {
    let house = House::open().await;
    let locks = Locks::over(house.one.channel.clone());
    let guard = locks.owner("a").acquire("taken", SHORT).await.unwrap();

    let taken = "delete from lock_claims";
    sqlx::query(taken)
        .execute(house.database.pool())
        .await
        .unwrap();
    let work = guard.run(std::future::pending::<()>());
    let work = timeout(Duration::from_millis(900), work).await;

    assert_eq!(work, Ok(Err(lock::Lost)));
    assert!(!guard.is_held());
}

#[tokio::test]
async fn an_acquire_that_is_dropped_on_its_way_leaves_nothing_behind() {
    let house = House::open().await;
    let client = &house.one.locks;
    let locks = Locks::over(house.one.channel.clone());
    for millis in [0, 1, 2, 4, 8, 16] {
        let owner = locks.owner("a");
        let dropped = timeout(Duration::from_millis(millis), owner.acquire("left", SHORT)).await;
        drop(dropped);
    }
    let held = wish("busy", "other");
    held.have(client).await.unwrap();
    let owner = locks.owner("a");
    let waits = timeout(Duration::from_millis(300), owner.acquire("busy", SHORT)).await;
    assert!(waits.is_err());

    locks.drain(Duration::from_secs(10)).await;

    assert_eq!(look(client, "left").await.holders, []);
    assert_eq!(look(client, "left").await.waiters, []);
    assert_eq!(look(client, "busy").await.waiters, []);
}

#[tokio::test]
async fn one_who_drains_releases_what_it_holds() {
    let house = House::open().await;
    let locks = Locks::over(house.one.channel.clone());
    let owner = locks.owner("a");
    let guard = owner.acquire("drained", Terms::default()).await.unwrap();
    let again = owner.acquire("drained", Terms::default()).await;
    assert!(matches!(again, Err(Error::Already)));

    locks.drain(Duration::from_secs(10)).await;

    assert!(!guard.is_held());
    guard.lost().await;
    assert_eq!(look(&house.one.locks, "drained").await.holders, []);
}
