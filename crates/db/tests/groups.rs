//! A group carries out the jobs of many in one transaction, and gives each its own outcome.

#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::token::Given;
use db::{Db, Error, Group, Limits, Tx, Why};
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use support::{
    HELD_UP, LIMIT, Private, WAITING, ask, database, hold_up, mark, marks, request, until, wired,
    within,
};
use testkit::Fate;

/// Enough for a rerun that may end, too little for one that may not.
const SHORT: Duration = Duration::from_secs(3);

fn mark_all<'t>(tx: &'t mut Tx, keys: &'t [String]) -> BoxFuture<'t, Result<Vec<bool>, Error>> {
    async move {
        let mut outcomes = Vec::new();
        for key in keys {
            assert!(key != "panic", "a job that panics");
            if key == "poison" {
                sqlx::query("select 1/0").execute(&mut *tx).await?;
            }
            outcomes.push(mark(tx, key).await?);
        }
        Ok(outcomes)
    }
    .boxed()
}

fn group(db: &Db) -> Group<String, bool> {
    Group::start(db, "mark", mark_all)
}

fn one_by_one(db: &Db, waiting: usize) -> Group<String, bool> {
    let limits = Limits {
        writers: 1,
        waiting,
        ..Limits::default()
    };
    Group::with_limits(db, "mark", limits, mark_all)
}

async fn submit(group: &Group<String, bool>, key: &str) -> Result<bool, Error> {
    group.submit(key.to_owned()).await
}

#[tokio::test]
async fn what_waits_together_is_written_together_and_each_hears_its_own() {
    let database = database().await;
    let group = one_by_one(&database.db(), 1000);
    let keys: Vec<String> = (0..200)
        .map(|number| format!("key {}", number % 150))
        .collect();

    let outcomes = join_all(keys.iter().map(|key| submit(&group, key))).await;

    let made = outcomes
        .iter()
        .filter(|made| *made.as_ref().unwrap())
        .count();
    assert_eq!((made, marks(&database).await), (150, 150));
    let transactions = ask(&database, "select count(distinct transaction) from tallies").await;
    assert!(
        transactions <= 4,
        "{transactions} transactions for 200 jobs"
    );
}

#[tokio::test]
async fn a_writer_that_is_held_up_holds_nobody_else_up() {
    let database = database().await;
    let group = group(&database.db());
    submit(&group, "before").await.unwrap();
    let mut lock = database.pool().begin().await.unwrap();
    sqlx::query("insert into marks (key) values ('contended')")
        .execute(&mut *lock)
        .await
        .unwrap();
    let held = tokio::spawn({
        let group = group.clone();
        async move { submit(&group, "contended").await }
    });
    until(&database, HELD_UP).await;

    let others = join_all(["a", "b", "c"].map(|key| submit(&group, key))).await;

    assert!(others.iter().all(|made| *made.as_ref().unwrap()));
    assert!(!held.is_finished());
    lock.rollback().await.unwrap();
    assert!(held.await.unwrap().unwrap());
}

#[tokio::test]
async fn a_lone_job_goes_at_once_and_raises_its_callers_token() {
    let database = database().await;
    let group = group(&database.db());
    submit(&group, "before").await.unwrap();
    let begun = Instant::now();

    let (made, seen) = request(Given::Nothing, submit(&group, "a")).await;

    assert!(made.unwrap());
    assert!(matches!(seen, Given::Token(_)));
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_job_that_spoils_its_group_spoils_it_for_itself_alone() {
    let database = database().await;
    let group = one_by_one(&database.db(), 100);
    for bad in ["poison", "panic"] {
        let lock = hold_up(&database).await;
        let first = format!("{bad} first");
        let keys = [first.as_str(), "x", bad, "y", "z"].map(|key| {
            if key == bad || key == first {
                key.to_owned()
            } else {
                format!("{bad} {key}")
            }
        });
        let jobs = join_all(keys.iter().map(|key| submit(&group, key)));
        let release = async {
            until(&database, HELD_UP).await;
            lock.rollback().await.unwrap();
        };

        let (outcomes, ()) = tokio::join!(jobs, release);

        let spoiled = outcomes.iter().map(Result::is_err).collect::<Vec<_>>();
        assert_eq!(spoiled, [false, false, true, false, false], "{outcomes:?}");
        assert!(matches!(
            outcomes[2],
            Err(Error::Statement(_) | Error::Panicked(_))
        ));
    }
    assert_eq!(marks(&database).await, 8);
}

#[tokio::test]
async fn a_job_whose_deadline_passes_in_the_queue_is_not_taken() {
    let database = database().await;
    let group = one_by_one(&database.db(), 100);
    let lock = hold_up(&database).await;
    let blocked = tokio::spawn({
        let group = group.clone();
        async move { submit(&group, "blocked").await }
    });
    until(&database, HELD_UP).await;

    let late = within(Duration::from_millis(100), submit(&group, "late")).await;

    assert!(matches!(late, Err(Error::NotTaken(Why::Late))), "{late:?}");
    lock.rollback().await.unwrap();
    assert!(blocked.await.unwrap().unwrap());
    assert!(submit(&group, "after").await.unwrap());
    assert_eq!(
        ask(&database, "select count(*) from marks where key = 'late'").await,
        0
    );
}

#[tokio::test]
async fn a_full_queue_is_said_at_once() {
    let database = database().await;
    let group = one_by_one(&database.db(), 2);
    let lock = hold_up(&database).await;
    let first = tokio::spawn({
        let group = group.clone();
        async move { submit(&group, "first").await }
    });
    until(&database, HELD_UP).await;

    let rest = join_all(["a", "b", "c"].map(|key| {
        let group = &group;
        async move {
            let begun = Instant::now();
            let limited = within(SHORT, submit(group, key)).await;
            (limited, begun.elapsed())
        }
    }));
    let rest = rest.await;

    let (last, took) = &rest[2];
    assert!(matches!(last, Err(Error::NotTaken(Why::Full))), "{last:?}");
    assert!(*took < SHORT, "{took:?}");
    lock.rollback().await.unwrap();
    assert!(first.await.unwrap().unwrap());
}

#[tokio::test]
async fn a_group_whose_commit_is_unknown_is_run_again_until_somebody_knows() {
    let private = Private::start().await;
    let group = group(&private.db());
    submit(&group, "before").await.unwrap();
    private.cluster.replica().pause();
    let jobs = tokio::spawn({
        let group = group.clone();
        async move { join_all(["a", "b"].map(|key| submit(&group, key))).await }
    });
    until(&private.database, WAITING).await;
    private
        .run("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")
        .await;
    until(&private.database, WAITING).await; // The rerun's own commit.

    let replayed = within(SHORT, submit(&group, "a")).await;
    private.cluster.replica().resume();

    assert!(matches!(replayed, Err(Error::Unknown(_))), "{replayed:?}");
    assert!(jobs.await.unwrap().iter().all(Result::is_ok));
    assert!(!submit(&group, "a").await.unwrap());
    assert_eq!(
        ask(&private.database, "select count(*) from tallies").await,
        3
    );
}

#[tokio::test]
async fn no_job_is_lost_or_done_twice_while_the_wire_is_cut_in_commits() {
    let database = database().await;
    let (wire, db) = wired(&database).await;
    let group = group(&db);
    let commits = AtomicUsize::new(0);
    wire.on_sent(move |bytes| {
        let commit = support::commits(bytes);
        let number = if commit {
            commits.fetch_add(1, Ordering::Relaxed)
        } else {
            0
        };
        let later = Duration::from_micros(number as u64 % 7 * 300);
        if number % 3 == 1 {
            Fate::PassThenCut(later)
        } else {
            Fate::Pass
        }
    });
    let keys: Vec<String> = (0..300).map(|number| format!("key {number}")).collect();

    let outcomes = within(LIMIT, async {
        let mut outcomes = Vec::new();
        for some in keys.chunks(10) {
            outcomes.extend(join_all(some.iter().map(|key| submit(&group, key))).await);
        }
        outcomes
    });
    let outcomes = outcomes.await;

    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(ask(&database, "select count(*) from tallies").await, 300);
}

#[tokio::test]
async fn the_writers_bear_a_panic_and_go_on() {
    let database = database().await;
    let group = group(&database.db());
    for _ in 0..8 {
        let panicked = submit(&group, "panic").await;
        assert!(
            matches!(panicked, Err(Error::Panicked("mark"))),
            "{panicked:?}"
        );
    }

    let made = submit(&group, "after").await;

    assert!(made.unwrap());
}
