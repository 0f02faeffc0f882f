//! The primary is lost, and the archive goes on where it ended.

use drill::Goal;
use holdfast::say;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stack::{Extent, Until};
use time::OffsetDateTime;

use super::door::{Door, nothing_left};
use crate::open::Shop;
use crate::short::freeze;
use crate::strike::{self, strike};

/// How often the primary is killed.
const ROUNDS: usize = 10;
/// How many files of its log it has finished by then, and not archived.
const NOT_ARCHIVED: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn an_archive_has_no_hole_after_a_failover() {
    let shop = Shop::open().await;
    let door = Door::of(&shop);
    shop.running
        .backups()
        .unwrap()
        .take(Extent::Full)
        .await
        .unwrap();
    for round in 1..=ROUNDS {
        strike(
            &shop,
            &format!("kill the primary that has not archived all, {round}"),
            Goal::seconds(22),
            async |shop, _| {
                let name = shop.leader().await;
                fall_behind(shop).await;
                strike::kill(shop, &format!("{name}.postgres")).await;
                shop.replaced(&name).await;
            },
        )
        .await;
        restores_to_now(&shop).await;
    }
    let said = door.say(&["backup", "verify"]).await;
    say::line(said);
    nothing_left(&shop).await;
    door.close();
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_primary_that_was_frozen_while_it_archived_comes_back() {
    let shop = Shop::open().await;
    let door = Door::of(&shop);
    door.say(&["backup"]).await;
    strike(
        &shop,
        "freeze the primary's node while it archives",
        Goal::seconds(22),
        async |shop, _| {
            let name = shop.leader().await;
            let leader = shop.running.cluster().node(&name).unwrap();
            leader
                .run("postgres", "select pg_switch_wal()")
                .await
                .unwrap();
            freeze(shop, &name).await;
        },
    )
    .await;
    door.say(&["backup", "verify"]).await;
    // From another node than the one before.
    door.say(&["backup"]).await;
    door.say(&["backup", "verify"]).await;
    assert!(!door.say(&["doctor"]).await.contains("WRONG"));
    nothing_left(&shop).await;
    door.close();
    shop.close().await;
}

/// Has the primary finish files of its log and not archive them.
async fn fall_behind(shop: &Shop) {
    let leader = shop.running.cluster().leader().await.unwrap();
    let ask = "select pid from pg_stat_activity where backend_type = 'archiver'";
    let archiver = leader.run("postgres", ask).await.unwrap();
    kill(Pid::from_raw(archiver.parse().unwrap()), Signal::SIGSTOP).unwrap();
    let switch = "select pg_logical_emit_message(true, 'test', 'behind'); select pg_switch_wal()";
    for _ in 0..NOT_ARCHIVED {
        leader.run("postgres", switch).await.unwrap();
    }
    let archive = shop.running.backups().unwrap().archive().await.unwrap();
    assert!(archive.waiting >= 3, "{archive:?}");
}

/// Replays all of the log until now.
async fn restores_to_now(shop: &Shop) {
    let backups = shop.running.backups().unwrap();
    let now = OffsetDateTime::now_utc();
    backups.flush().await.unwrap();

    let restored = backups.restore(&Until::Time(now)).await.unwrap();

    let count = "select count(*) from orders";
    assert_ne!(restored.run("order", count).await.unwrap(), "0");
    restored.remove().await;
}
