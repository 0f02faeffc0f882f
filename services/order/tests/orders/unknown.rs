//! Commits of which no word came.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use retry::Deadline;
use testkit::{Fate, Wire};

use crate::books::tally;
use crate::house::{House, PATIENCE, apart, reason};
use crate::wish::Wish;

/// The wire is cut a hundred times around COMMIT, each time at another moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_commit_is_one_order_or_none_and_the_same_key_says_which() {
    let house = House::start().await;
    let mug = house.shelve("mug", 500).await;
    let wire = Wire::to_url(&house.database.url()).await;
    let (instance, orders) = apart(&house, &wire).await;
    let cuts = Arc::new(AtomicUsize::new(0));

    for round in 0..100_u64 {
        let ann = Wish::of(&[(mug, 1)]);
        let late = Duration::from_micros((round % 25) * 120);
        let (mut struck, counted) = (false, cuts.clone());
        wire.on_sent(move |bytes| {
            let commit = bytes
                .windows(6)
                .any(|part| part.eq_ignore_ascii_case(b"commit"));
            if !commit || std::mem::replace(&mut struck, true) {
                return Fate::Pass;
            }
            counted.fetch_add(1, Ordering::Relaxed);
            if round % 4 == 0 {
                Fate::Cut
            } else {
                Fate::PassThenCut(late)
            }
        });
        let mut orders = orders.clone();
        let deadline = Deadline::after(PATIENCE);

        let answer = deadline.scope(orders.place(ann.request.clone())).await;

        wire.on_sent_nothing();
        let told = house.order(&ann).await;
        let settled = house.until(&told.id, "confirmed").await;
        match answer {
            Ok(placed) => assert_eq!(placed.into_inner().order.unwrap().id, settled.id),
            Err(status) => {
                assert!(
                    ["OUTCOME_UNKNOWN", "NOT_TAKEN"].contains(&reason(&status).as_str()),
                    "{status:?}"
                );
            }
        }
    }

    // Otherwise the wire was never cut where it matters.
    assert_eq!(cuts.load(Ordering::Relaxed), 100);
    assert_eq!(tally(&house.database).await["confirmed"], 100);
    assert_eq!(house.free(mug).await, 400);
    house.assert_conserved().await;
    instance.stop().await;
}

/// A replay rests on what a standby has: while the standby stands still, nobody hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_not_acknowledged_while_the_standby_is_paused() {
    let cluster = testkit::cluster().await;
    let database = cluster.database("order").await;
    let user = crate::user::User::start().await;
    let url = database.url();
    let house = House::over(database, user, &url, 1, &[]).await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 1)]);
    let first = house.order(&ann).await;
    cluster.replica().pause();

    let silent = house.place_within(&ann, Duration::from_secs(1)).await;
    cluster.replica().resume();

    assert!(silent.is_err(), "{silent:?}");
    assert_eq!(house.order(&ann).await, first);
    house.assert_conserved().await;
    house.stop().await;
}
