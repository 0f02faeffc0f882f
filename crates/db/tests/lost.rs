//! A server that goes, is gone, comes up or only reads: its connection is dropped, and the work runs again elsewhere.

#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

mod support;

use std::sync::Mutex;
use std::time::Duration;

use db::{Db, Error, Settings, Tx};
use support::{HELD_UP, PATIENCE, ask, database, hold_up, keyed, marks, plain, until, within};
use testkit::{Database, Wire};

/// The session that was asked what every new connection is asked.
const ASKED: &str = "from pg_stat_activity where datname = current_database() and state = 'idle'
    and query = 'select pg_is_in_recovery(), system_identifier from pg_control_system()'";

/// Says which session serves.
async fn session(tx: &mut Tx) -> Result<i64, Error> {
    let session = sqlx::query_scalar("select pg_backend_pid()::bigint");
    Ok(session.fetch_one(&mut *tx).await?)
}

/// Says who serves, then fails with `code` until it was tried three times.
async fn fail_twice(tx: &mut Tx, code: &str, served: &Mutex<Vec<i32>>) -> Result<(), Error> {
    let (try_, process): (i64, i32) = sqlx::query_as("select nextval('tries'), pg_backend_pid()")
        .fetch_one(&mut *tx)
        .await?;
    served.lock().unwrap().push(process);
    if try_ < 3 {
        let raise =
            format!("do $$ begin raise exception 'not now' using errcode = '{code}'; end $$");
        sqlx::raw_sql(sqlx::AssertSqlSafe(raise))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Who served three attempts, of which two met `code`.
async fn served(database: &Database, db: &Db, code: &str) -> Vec<i32> {
    ask(database, "select setval('tries', 1, false)").await;
    let served = Mutex::new(Vec::new());
    let written = db
        .write("flaky", |tx| Box::pin(fail_twice(tx, code, &served)))
        .await;
    written.unwrap_or_else(|error| panic!("{code}: {error}"));
    served.into_inner().unwrap()
}

#[tokio::test]
async fn a_connection_is_dropped_where_its_server_is_of_no_more_use_and_kept_where_it_is() {
    let database = database().await;
    let db = database.db();
    for (code, dropped) in [
        ("25006", true),
        ("57P01", true),
        ("57P02", true),
        ("57P03", true),
        ("40001", false),
        ("40P01", false),
        ("53300", false),
    ] {
        let served = served(&database, &db, code).await;

        let [one, two, three] = served[..] else {
            panic!("{code}: {served:?}");
        };
        let others = one != two && two != three && one != three;
        let same = one == two && two == three;
        assert!(if dropped { others } else { same }, "{code}: {served:?}");
    }
}

#[tokio::test]
async fn a_connection_that_takes_longer_than_its_caller_has_is_made_for_the_next_one() {
    let database = database().await;
    let wire = Wire::to_url(&database.primary_url()).await;
    let db = Db::connect(Settings {
        primaries: vec![wire.url(&database.primary_url())],
        connections: 1,
        patience: PATIENCE,
        ..Settings::default()
    });
    wire.delay(Duration::from_millis(200));
    let hurried = within(Duration::from_millis(100), plain(&db, "key")).await;
    assert!(hurried.is_err(), "{hurried:?}");
    until(&database, &format!("select exists (select {ASKED})")).await;
    wire.heal();
    let made = ask(&database, &format!("select pid::bigint {ASKED}")).await;

    let served = db.write("who", |tx| Box::pin(session(tx))).await.unwrap();

    assert_eq!(served, made);
}

#[tokio::test]
async fn a_transaction_whose_server_process_is_ended_in_mid_work_runs_again_and_counts_once() {
    let database = database().await;
    let db = database.db();
    let lock = hold_up(&database).await;
    let work = tokio::spawn(async move { keyed(&db, "key").await });
    until(&database, HELD_UP).await;

    // The server says 57P01.
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()";
    assert_eq!(ask(&database, end).await, 1);
    drop(lock);

    assert!(work.await.unwrap().unwrap(), "made by the second attempt");
    assert_eq!(marks(&database).await, 1);
}

#[tokio::test]
async fn a_write_that_comes_to_a_standby_goes_on_to_the_primary() {
    let database = database().await;
    let db = Db::connect(Settings {
        // As after a switchover that the list does not know of yet.
        primaries: vec![database.replica_url(), database.primary_url()],
        ..Settings::default()
    });

    for key in ["a", "b", "c"] {
        assert!(keyed(&db, key).await.unwrap());
    }

    assert_eq!(marks(&database).await, 3);
}

#[tokio::test]
async fn every_commit_waits_for_the_standby_as_the_server_is_told_to() {
    let database = database().await;
    let db = database.db();
    let told = "select current_setting('synchronous_commit') || ' ' || reset_val from pg_settings
        where name = 'synchronous_commit'";

    let within = db.write("look", |tx| {
        Box::pin(
            async move { Ok::<_, Error>(sqlx::query_scalar(told).fetch_one(&mut **tx).await?) },
        )
    });

    let within: String = within.await.unwrap();
    assert_eq!(within, "on on");
}
