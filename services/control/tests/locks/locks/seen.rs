//! What is shown of locks, and what an administrator does.

use api::common::{ListAuditRequest, Page};
use api::control::resources_client::ResourcesClient;
use api::control::{ForceReleaseRequest, ListLocksRequest, WatchLockRequest};
use api::id::ACCOUNT;
use uuid::Uuid;

use crate::house::{House, look, refusal, until, wish};

#[tokio::test]
async fn locks_are_listed_by_name_page_by_page() {
    let house = House::open().await;
    let locks = &house.one.locks;
    for name in ["b.2", "a.1", "b.1", "b.3"] {
        wish(name, "a").have(locks).await.unwrap();
    }
    let _waits = wish("b.2", "w").queue(locks).await.unwrap();
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let request = ListLocksRequest {
            page: Some(Page { limit: 2, cursor }),
            prefix: "b.".to_owned(),
        };
        let page = locks.clone().list(request).await.unwrap().into_inner();
        seen.extend(page.locks);
        cursor = page.next_cursor;
        if cursor.is_empty() {
            break;
        }
    }

    let names: Vec<_> = seen.iter().map(|lock| lock.name.as_str()).collect();
    assert_eq!(names, ["b.1", "b.2", "b.3"]);
    assert_eq!(seen[1].waiters[0].owner, "w");
}

#[tokio::test]
async fn whoever_watches_a_lock_sees_it_change_hands() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let name = "watched".to_owned();
    let watched = locks.clone().watch(WatchLockRequest { name }).await;
    let mut watched = watched.unwrap().into_inner();
    let free = watched.message().await.unwrap().unwrap();
    assert_eq!(free.holders, []);

    wish("watched", "a").have(locks).await.unwrap();

    let held = watched.message().await.unwrap().unwrap();
    assert_eq!(held.holders[0].owner, "a");
}

#[tokio::test]
async fn an_administrator_takes_a_lock_away_and_that_is_on_record() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let held = wish("stuck", "a");
    held.have(locks).await.unwrap();
    let mut next = wish("stuck", "b").queue(locks).await.unwrap();
    let force = |name: &str| ForceReleaseRequest {
        actor_id: ACCOUNT.write(Uuid::from_u128(7)),
        name: name.to_owned(),
    };

    locks.clone().force_release(force("stuck")).await.unwrap();
    let nothing = locks.clone().force_release(force("free")).await;

    next.turn().await.unwrap();
    assert_eq!(refusal(held.renew(locks).await), "LOST");
    assert_eq!(refusal(nothing), "NOT_FOUND");
    let resources = ResourcesClient::new(house.one.channel.clone());
    let mut acts = Vec::new();
    // Read from a replica, which may be behind.
    until("the act is on record", async || {
        let mut resources = resources.clone();
        let listed = resources.list_audit(ListAuditRequest::default());
        acts = listed.await.unwrap().into_inner().entries;
        !acts.is_empty()
    })
    .await;
    assert_eq!(acts.len(), 1);
    assert_eq!(acts[0].action, "lock.release");
    assert!(
        acts[0].before.contains("\"owner\": \"a\"") || acts[0].before.contains("\"owner\":\"a\"")
    );
}

#[tokio::test]
async fn a_lock_that_is_held_for_longer_than_was_meant_is_shown() {
    let house = House::open().await;
    let locks = &house.one.locks;
    let mut held = wish("long", "a");
    held.0.max_hold_ms = 50;

    held.have(locks).await.unwrap();

    until("it is overdue", async || {
        look(locks, "long").await.holders[0].overdue
    })
    .await;
    let db = house.database.db();
    let overdue = db.read_primary("overdue", |tx| {
        Box::pin(control::store::tending::overdue(tx, 10))
    });
    let overdue = overdue.await.unwrap().value;
    assert_eq!(
        (overdue[0].name.as_str(), overdue[0].owner.as_str()),
        ("long", "a")
    );
}
