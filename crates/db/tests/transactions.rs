//! A transaction is repeated where that is right, and no failover needs a restart.

#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

mod support;

use std::time::{Duration, Instant};

use api::token::Given;
use db::{Db, Error, Settings, Tx};
use support::{
    LIMIT, Private, WAITING, ask, count, database, keyed, marks, plain, request, until,
    until_ready, wired, within,
};
use testkit::Wire;

/// Fails with `code` until it was tried three times.
async fn fail_twice(tx: &mut Tx, code: &str) -> Result<i64, Error> {
    let tries: i64 = sqlx::query_scalar("select nextval('tries')")
        .fetch_one(&mut *tx)
        .await?;
    if tries < 3 {
        let raise =
            format!("do $$ begin raise exception 'not now' using errcode = '{code}'; end $$");
        sqlx::raw_sql(sqlx::AssertSqlSafe(raise))
            .execute(&mut *tx)
            .await?;
    }
    Ok(tries)
}

#[tokio::test]
async fn a_conflict_is_run_again() {
    let database = database().await;
    let db = database.db();
    for code in ["40001", "40P01"] {
        ask(&database, "select setval('tries', 1, false)").await;

        let tries = db.write("flaky", |tx| Box::pin(fail_twice(tx, code))).await;

        assert_eq!(tries.unwrap(), 3, "{code}");
    }
}

#[tokio::test]
async fn a_statement_that_is_refused_is_not_run_again() {
    let database = database().await;
    let db = database.db();

    let refused = db
        .keyed("flaky", |tx| Box::pin(fail_twice(tx, "23514")))
        .await;

    assert!(matches!(refused, Err(Error::Statement(_))), "{refused:?}");
    assert_eq!(ask(&database, "select last_value from tries").await, 1);
}

#[tokio::test]
async fn two_transactions_that_wait_on_each_other_both_end_well() {
    let database = database().await;
    let db = database.db();
    plain(&db, "a").await.unwrap();
    plain(&db, "b").await.unwrap();
    let lock = async |tx: &mut Tx, key: &str| -> Result<(), Error> {
        let lock = sqlx::query("select from marks where key = $1 for update");
        lock.bind(key).execute(&mut *tx).await?;
        Ok(())
    };
    let cross = async |first: &'static str, second: &'static str| {
        db.write("cross", |tx| {
            Box::pin(async move {
                lock(tx, first).await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
                lock(tx, second).await
            })
        })
        .await
    };

    let (one, other) = tokio::join!(cross("a", "b"), cross("b", "a"));

    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
}

#[tokio::test]
async fn connections_that_were_ended_while_idle_are_not_noticed_by_anybody() {
    let private = Private::start().await;
    let db = private.db();
    let many = async |round: usize| {
        let keys: Vec<String> = (0..8).map(|i| format!("{round}/{i}")).collect();
        let writes = keys.iter().map(|key| plain(&db, key));
        futures::future::join_all(writes).await
    };
    assert!(many(0).await.iter().all(Result::is_ok));
    private
        .run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'news'")
        .await;

    let after = many(1).await;

    assert!(after.iter().all(Result::is_ok), "{after:?}");
}

#[tokio::test]
async fn a_primary_that_was_killed_and_comes_back_is_found_again() {
    let private = Private::start().await;
    let db = private.db();
    plain(&db, "before").await.unwrap();
    private.cluster.primary().kill().await;

    let gone = within(Duration::from_millis(500), plain(&db, "gone")).await;
    let (back, restarted) = tokio::join!(
        within(LIMIT, plain(&db, "back")),
        private.cluster.primary().restart()
    );

    assert!(matches!(gone, Err(Error::NotTaken(_))), "{gone:?}");
    restarted.unwrap();
    assert!(back.unwrap());
}

#[tokio::test]
async fn after_a_promotion_writes_go_to_the_new_primary_and_old_tokens_are_served_there() {
    let private = Private::start().await;
    let addresses = vec![
        private.database.primary_url(),
        private.database.replica_url(),
    ];
    let db = Db::connect(Settings {
        primaries: addresses.clone(),
        replicas: addresses,
        ..Settings::default()
    });
    let (_, before) = request(Given::Nothing, keyed(&db, "before")).await;
    private.cluster.primary().kill().await;
    let promote = private
        .cluster
        .replica()
        .run("postgres", "select pg_promote()");

    let (promoted, (made, after)) =
        tokio::join!(promote, request(before, within(LIMIT, keyed(&db, "after"))));

    promoted.unwrap();
    assert!(made.unwrap());
    assert!(
        matches!(after, Given::Token(token) if token.position.timeline == 2),
        "{after:?}"
    );
    for given in [before, after] {
        let (found, _) = request(given, count(&db)).await;
        assert_eq!(found.unwrap().value, 2);
    }
}

#[tokio::test]
async fn a_commit_on_a_primary_that_freezes_is_resolved_on_the_promoted_one() {
    let private = Private::start().await;
    let db = Db::connect(Settings {
        primaries: vec![
            private.database.primary_url(),
            private.database.replica_url(),
        ],
        ..Settings::default()
    });
    keyed(&db, "before").await.unwrap();
    private.cluster.replica().pause();
    let commit = tokio::spawn({
        let db = db.clone();
        async move { within(Duration::from_secs(20), keyed(&db, "a")).await }
    });
    until(&private.database, WAITING).await;
    private.cluster.primary().pause();
    private.cluster.replica().resume();

    let promote = private
        .cluster
        .replica()
        .run("postgres", "select pg_promote()");
    promote.await.unwrap();

    let made = commit.await.unwrap();
    assert!(made.is_ok(), "{made:?}");
    let found = db.read_primary("count", |tx| {
        let tallies = "select count(*) from tallies";
        Box::pin(async move {
            Ok(sqlx::query_scalar::<_, i64>(tallies)
                .fetch_one(&mut **tx)
                .await?)
        })
    });
    assert_eq!(found.await.unwrap().value, 2);
    private.cluster.primary().resume();
}

#[tokio::test]
async fn an_address_that_is_frozen_costs_one_wait_and_the_next_one_serves() {
    let database = database().await;
    let patience = Duration::from_secs(2);
    let wire = Wire::to_url(&database.primary_url()).await;
    let db = Db::connect(Settings {
        primaries: vec![wire.url(&database.primary_url()), database.primary_url()],
        patience,
        ..Settings::default()
    });
    plain(&db, "before").await.unwrap();
    wire.freeze();

    let first = within(LIMIT, plain(&db, "first")).await;
    let begun = Instant::now();
    let second = within(LIMIT, plain(&db, "second")).await;

    assert!(first.unwrap() && second.unwrap());
    assert!(begun.elapsed() < patience, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn nobody_there_is_said_at_the_deadline_and_nothing_is_kept() {
    let database = database().await;
    let (wire, db) = wired(&database).await;
    wire.cut();
    let begun = Instant::now();

    let refused = within(Duration::from_millis(300), keyed(&db, "a")).await;

    assert!(matches!(refused, Err(Error::NotTaken(_))), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    wire.heal();
    assert!(keyed(&db, "a").await.unwrap());
    assert_eq!(marks(&database).await, 1);
}

#[tokio::test]
async fn an_instance_becomes_ready_when_its_database_comes_and_stays_so_when_it_goes() {
    let database = database().await;
    let (wire, db) = wired(&database).await;
    wire.cut();
    assert!(!db.ready().await);

    wire.heal();

    until_ready(&db).await;
    wire.cut();
    assert!(db.ready().await);
}

#[tokio::test]
async fn a_caller_that_leaves_in_mid_statement_lets_go_of_its_locks() {
    let database = database().await;
    let db = database.db();
    let slow = tokio::spawn({
        let db = db.clone();
        async move {
            db.write("slow", |tx| {
                Box::pin(async {
                    support::mark(tx, "a").await?;
                    sqlx::query("select pg_sleep(60)")
                        .execute(&mut **tx)
                        .await?;
                    Ok::<_, Error>(())
                })
            })
            .await
        }
    });
    let sleeping = "select exists (select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database())";
    until(&database, sleeping).await;

    slow.abort();

    assert!(within(LIMIT, keyed(&db, "a")).await.unwrap());
}

#[tokio::test]
async fn work_beyond_its_deadline_is_not_taken() {
    let database = database().await;
    let db = database.db();

    let late = within(
        Duration::from_millis(200),
        db.write("late", |tx| {
            Box::pin(async {
                support::mark(tx, "a").await?;
                sqlx::query("select pg_sleep(1)").execute(&mut **tx).await?;
                Ok::<_, Error>(())
            })
        }),
    );
    let late = late.await;

    assert!(matches!(late, Err(Error::NotTaken(_))), "{late:?}");
    assert_eq!(marks(&database).await, 0);
}
