//! One decides at a time: the others wait, whoever is late is refused, and the next one goes on where it ended.

use api::control::{Decision, Desired};
use control::domain::desired::{Decision as Decided, Why};
use control::store::scaling::write::{self, New};
use control::store::scaling::{all, show};
use db::{Db, Error};
use time::{Duration, OffsetDateTime};

use super::crowd::{Crowd, Rate, allowed};
use crate::house::until;
use crate::shop::{Shop, start_mortal};

const fn rate(answers: u64) -> Rate {
    Rate {
        answers,
        refuses: 0,
    }
}

fn counts(log: &[Decision]) -> Vec<u32> {
    log.iter().rev().map(|one| one.count).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_of_two_decides() {
    let shop = Shop::open().await;
    let first = &shop.control;
    first
        .allow("order", 1, allowed(Some(10), 1, 8))
        .await
        .unwrap();
    first.leader("").await;
    let second = shop.another().await;
    until("the second waits for its turn", async || {
        first.turn().await.waiters.len() == 1
    })
    .await;
    // Each hears of another load; the second would want eight.
    let _heard = (
        Crowd::gather(&[first], 2, rate(11)),
        Crowd::gather(&[&second], 2, rate(300)),
    );
    let mut follower = second.follow().await;
    follower.hears(|told| told.count == 4).await;

    first
        .allow("order", 2, allowed(Some(10), 1, 3))
        .await
        .unwrap();
    follower.hears(|told| told.count == 3).await;
    until("it is written", async || {
        counts(&first.decisions().await).last() == Some(&3)
    })
    .await;
    first
        .allow("order", 3, allowed(Some(10), 1, 8))
        .await
        .unwrap();
    follower.hears(|told| told.count == 4).await;
    until("it is written", async || {
        counts(&first.decisions().await).last() == Some(&4)
    })
    .await;

    let log = counts(&first.decisions().await);
    assert!(log.iter().all(|count| *count <= 4), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_one_goes_on_from_what_was_decided() {
    let shop = Shop::open_with(async |database| start_mortal(database).await).await;
    let mut first = shop.control;
    first
        .allow("order", 1, allowed(Some(10), 1, 8))
        .await
        .unwrap();
    let was = first.leader("").await;
    let crowd = Crowd::gather(&[&first], 2, rate(11));
    let told = first.follow().await.hears(|told| told.count == 4).await;
    let second = crate::shop::start_with(&shop.database, &[]).await;

    drop(crowd);
    first.kill();
    // What it hears of needs one.
    let _crowd = Crowd::gather(&[&second], 1, rate(1));
    second.leader(&was).await;
    let later = |one: &Desired| one.valid_until > told.valid_until && one.why == "cool_down";
    until("the second has decided", async || {
        second.scaled().await.desired.is_some_and(|one| later(&one))
    })
    .await;

    let now = second.scaled().await.desired.unwrap();
    assert_eq!((now.count, now.version, now.floor), (4, told.version, 1));
    assert_eq!(counts(&second.decisions().await).last(), Some(&4));
}

#[tokio::test]
async fn whoever_comes_with_an_earlier_token_writes_nothing() {
    let database = testkit::database("control").await;
    let db = database.db();
    assert!(shown(&db, 5).await);
    assert!(decided(&db, 5, 2, None).await);

    assert!(shown(&db, 7).await);
    let late = decided(&db, 5, 6, Some(2)).await;
    let late_show = shown(&db, 5).await;

    assert!(!late && !late_show);
    let kept = db
        .read_primary("kept", |tx| Box::pin(all(tx)))
        .await
        .unwrap();
    let order = kept.value.into_iter().find(|one| one.service == "order");
    let order = order.unwrap();
    assert_eq!(
        (order.version, order.decided.unwrap().decision.desired),
        (1, 2)
    );
    let logged: i64 = sqlx::query_scalar("select count(*) from scaling_decisions")
        .fetch_one(database.pool())
        .await
        .unwrap();
    assert_eq!(logged, 1);
    assert!(decided(&db, 7, 6, Some(2)).await);
}

async fn shown(db: &Db, token: i64) -> bool {
    let shown = db.write("show", |tx| Box::pin(show(tx, token)));
    let shown: Result<bool, Error> = shown.await;
    shown.unwrap()
}

/// Decides on `desired` instances of order, where there were to be as many as `before`.
async fn decided(db: &Db, token: i64, desired: u32, before: Option<u32>) -> bool {
    let now = OffsetDateTime::now_utc();
    write_until(db, token, desired, before, now + Duration::minutes(1)).await
}

/// The same, until then.
pub(super) async fn write_until(
    db: &Db,
    token: i64,
    desired: u32,
    before: Option<u32>,
    until: OffsetDateTime,
) -> bool {
    let new = [New {
        service: "order".to_owned(),
        version: before.map_or(1, |_| 2),
        before,
        decision: Decided {
            desired,
            why: Why::Forecast,
            floor: 2,
            forecast: Some(desired),
        },
        load: 1.0,
        per_instance: None,
        learned: None,
        bounds: [1, 8],
        outlook: None,
    }];
    let written = db.write("decide", |tx| {
        let new = &new;
        Box::pin(write::decide(
            tx,
            token,
            new,
            [OffsetDateTime::now_utc(), until],
        ))
    });
    let written: Result<bool, Error> = written.await;
    written.unwrap()
}
