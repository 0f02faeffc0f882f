//! A read is answered by whoever has got to the caller's token, and without a token by anybody.

#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

mod support;

use std::time::{Duration, Instant};

use api::token::{Given, Position, Token};
use db::{Db, Error, Settings};
use support::{LIMIT, Private, count, database, keyed, patient, request, wired, within};

/// Too short for what can never come, and long enough to have asked everybody.
const SHORT: Duration = Duration::from_millis(700);

/// Writes `key` and answers with the token of whoever has.
async fn write(db: &Db, key: &str) -> Given {
    let (made, seen) = request(Given::Nothing, keyed(db, key)).await;
    assert!(made.unwrap());
    seen
}

/// Waits until the replica has replayed all that was written so far, and may serve it.
async fn caught_up(private: &Private, seen: Given) {
    let db = Db::connect(Settings {
        replicas: vec![private.database.replica_url()],
        ..Settings::default()
    });
    let (found, _) = request(seen, within(LIMIT, count(&db))).await;
    found.unwrap();
}

#[tokio::test]
async fn a_read_without_a_token_goes_to_the_replica() {
    let database = database().await;

    let found = count(&patient(&database)).await.unwrap();

    assert!(!found.primary);
    assert!(found.position > Position::default() && found.cluster != 0);
}

#[tokio::test]
async fn a_replica_that_has_got_to_the_token_serves_it() {
    let private = Private::start().await;
    let db = patient(&private.database);
    let seen = write(&db, "a").await;
    caught_up(&private, seen).await;

    let (found, after) = request(seen, count(&db)).await;

    let found = found.unwrap();
    assert!(!found.primary && found.value == 1);
    assert_eq!(
        after, seen,
        "what is not the caller's own leaves its token as it was"
    );
}

#[tokio::test]
async fn while_replay_is_paused_own_reads_go_to_the_primary_and_others_are_answered_still() {
    let private = Private::start().await;
    let db = patient(&private.database);
    private.cluster.replica().pause_replay().await.unwrap();
    let seen = write(&db, "a").await;

    let (own, _) = request(seen, count(&db)).await;
    let anybodys = count(&db).await;

    let (own, anybodys) = (own.unwrap(), anybodys.unwrap());
    assert!(own.primary && own.value == 1);
    assert!(!anybodys.primary && anybodys.value == 0);
}

#[tokio::test]
async fn reading_what_is_ones_own_raises_the_token_to_where_it_was_read() {
    let private = Private::start().await;
    let db = private.db();
    let seen = write(&db, "a").await;

    let ((), after) = request(Given::Nothing, async {
        let found = db.read_primary("count", |tx| {
            Box::pin(async { Ok(sqlx::query("select").execute(&mut **tx).await?) })
        });
        found.await.unwrap().own();
    })
    .await;

    let (Given::Token(before), Given::Token(after)) = (seen, after) else {
        panic!("{seen:?} {after:?}")
    };
    assert!(after.position >= before.position && after.cluster == before.cluster);
}

#[tokio::test]
async fn while_the_replica_is_gone_the_primary_answers() {
    let private = Private::start().await;
    let db = private.db();
    let seen = write(&db, "a").await;
    count(&db).await.unwrap();
    private.cluster.replica().kill().await;

    let (own, _) = request(seen, count(&db)).await;
    let anybodys = count(&db).await;

    assert_eq!(own.unwrap().value, 1);
    assert!(anybodys.unwrap().primary);
}

#[tokio::test]
async fn a_frozen_replica_costs_one_wait_and_then_comes_last() {
    let private = Private::start().await;
    let patience = Duration::from_secs(3);
    let db = Db::connect(Settings {
        primaries: vec![private.database.primary_url()],
        replicas: vec![private.database.replica_url()],
        patience,
        ..Settings::default()
    });
    let seen = write(&db, "a").await;
    caught_up(&private, seen).await;
    assert!(!count(&db).await.unwrap().primary);
    private.cluster.replica().pause();

    let first = within(LIMIT, count(&db)).await;
    let begun = Instant::now();
    let second = within(LIMIT, count(&db)).await;
    let took = begun.elapsed();

    private.cluster.replica().resume();
    assert!(first.unwrap().primary && second.unwrap().primary);
    assert!(took < patience, "{took:?}");
}

#[tokio::test]
async fn while_the_primary_is_gone_the_replica_answers_whom_it_can() {
    let private = Private::start().await;
    let db = private.db();
    let early = write(&db, "a").await;
    caught_up(&private, early).await;
    private.cluster.replica().pause_replay().await.unwrap();
    let late = write(&db, "b").await;
    private.cluster.primary().kill().await;

    let anybodys = count(&db).await;
    let (earlier, _) = request(early, count(&db)).await;
    let (later, _) = request(late, within(SHORT, count(&db))).await;

    assert_eq!(anybodys.unwrap().value, 1);
    assert_eq!(earlier.unwrap().value, 1);
    assert!(matches!(later, Err(Error::NotYetConsistent)), "{later:?}");
}

#[tokio::test]
async fn a_read_waits_for_the_replica_to_get_there() {
    let private = Private::start().await;
    let db = private.db();
    private.cluster.replica().pause_replay().await.unwrap();
    let seen = write(&db, "a").await;
    private.cluster.primary().kill().await;

    let waiting = request(seen, within(LIMIT, count(&db)));
    let resumed = async {
        let (held_up, _) = request(seen, within(SHORT, count(&db))).await;
        assert!(held_up.is_err());
        private.cluster.replica().resume_replay().await.unwrap();
    };
    let ((found, _), ()) = tokio::join!(waiting, resumed);

    assert_eq!(found.unwrap().value, 1);
}

#[tokio::test]
async fn what_cannot_be_compared_is_asked_of_the_primary() {
    let database = database().await;
    let db = database.db();
    let elsewhere = Given::Token(Token::at(1, Position::default()));
    for given in [elsewhere, Given::Malformed] {
        let (found, _) = request(given, count(&db)).await;

        assert!(found.unwrap().primary, "{given:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_said_at_the_deadline() {
    let database = database().await;
    let (wire, db) = wired(&database).await;
    let seen = write(&db, "a").await;
    wire.cut();

    let without = within(SHORT, count(&db)).await;
    let (with, _) = request(seen, within(SHORT, count(&db))).await;

    assert!(matches!(without, Err(Error::NotTaken(_))), "{without:?}");
    assert!(matches!(with, Err(Error::NotYetConsistent)), "{with:?}");
}

#[tokio::test]
async fn a_statement_that_is_refused_is_asked_of_nobody_else() {
    let database = database().await;
    let db = database.db();

    let refused = db.read("wrong", |tx| {
        Box::pin(async { Ok(sqlx::query("select 1/0").execute(&mut **tx).await?) })
    });
    let refused = refused.await;

    assert!(matches!(refused, Err(Error::Statement(_))), "{refused:?}");
    assert!(count(&db).await.is_ok());
}

#[tokio::test]
async fn a_replica_that_is_slow_leaves_half_of_the_time_to_the_primary() {
    let database = database().await;
    let db = database.db();
    let slow_on_a_replica = "select case when pg_is_in_recovery() then pg_sleep(60) end";

    let found = within(
        Duration::from_secs(8),
        db.read("slow", |tx| {
            Box::pin(async { Ok(sqlx::query(slow_on_a_replica).execute(&mut **tx).await?) })
        }),
    );
    let found = found.await;

    assert!(found.unwrap().primary);
}

#[tokio::test]
async fn a_read_cannot_write() {
    let database = database().await;
    let db = database.db();

    let refused = db.read_primary("wrong", |tx| Box::pin(support::mark(tx, "a")));
    let refused = refused.await;

    assert!(matches!(refused, Err(Error::Statement(_))), "{refused:?}");
    assert_eq!(support::marks(&database).await, 0);
}
