//! A commit is kept, refused or unknown, and says truly which.

#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

mod support;

use std::time::Duration;

use api::token::Given;
use db::{Db, Error, Settings, Why};
use rand::Rng as _;
use support::{
    LIMIT, Private, WAITING, ask, commits, count, database, keyed, mark, marks, plain, request,
    until, wired, within,
};
use testkit::Fate;
use tokio::time::{Instant, sleep, timeout};

/// Enough for a rerun that may end, too little for one that may not.
const SHORT: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_write_is_kept_and_its_token_leads_to_it() {
    let database = database().await;
    let db = database.db();

    let (made, seen) = request(Given::Nothing, keyed(&db, "a")).await;

    assert!(made.unwrap());
    let Given::Token(token) = seen else {
        panic!("no token after a commit: {seen:?}")
    };
    assert!(!token.primary_only && token.position.timeline == 1);
    let (found, _) = request(seen, count(&db)).await;
    assert_eq!(found.unwrap().value, 1);
}

#[tokio::test]
async fn an_error_of_the_work_takes_everything_back() {
    let database = database().await;
    let db = database.db();

    let refused = db.write("mark", |tx| {
        Box::pin(async {
            mark(tx, "a").await?;
            Err::<(), _>(Error::NotYetConsistent)
        })
    });
    let refused = refused.await;

    assert!(matches!(refused, Err(Error::NotYetConsistent)));
    assert_eq!(marks(&database).await, 0);
    assert!(keyed(&db, "a").await.unwrap());
}

async fn swallow(tx: &mut db::Tx) -> Result<(), Error> {
    mark(tx, "a").await?;
    let _ = sqlx::query("select 1/0").execute(&mut *tx).await;
    Ok(())
}

#[tokio::test]
async fn a_swallowed_error_is_never_reported_as_committed() {
    let database = database().await;
    let db = database.db();

    let of_plain = db.write("swallow", |tx| Box::pin(swallow(tx))).await;
    let of_keyed = db.keyed("swallow", |tx| Box::pin(swallow(tx))).await;

    assert!(matches!(of_plain, Err(Error::Swallowed(_))), "{of_plain:?}");
    assert!(matches!(of_keyed, Err(Error::Swallowed(_))), "{of_keyed:?}");
    assert_eq!(marks(&database).await, 0);
    assert!(keyed(&db, "a").await.unwrap());
}

#[tokio::test]
async fn a_commit_that_a_deferred_constraint_refuses_is_refused_and_not_unknown() {
    let database = database().await;
    let db = database.db();
    let table = "create table pairs (id int primary key, other int references pairs deferrable initially deferred)";
    sqlx::raw_sql(table).execute(database.pool()).await.unwrap();

    let refused = db.write("pair", |tx| {
        Box::pin(async {
            let pair = sqlx::query("insert into pairs values (1, 2)");
            pair.execute(&mut **tx).await?;
            Ok::<_, Error>(())
        })
    });
    let refused = refused.await.unwrap_err();

    assert_eq!(
        refused.constraint(),
        Some("pairs_other_fkey"),
        "{refused:?}"
    );
}

/// Lets a commit of `plain` wait for a paused standby, ends the wait by `sql`, and answers what the caller hears.
async fn cut_short(private: &Private, db: &Db, sql: &str) -> Result<bool, Error> {
    keyed(db, "before").await.unwrap();
    private.cluster.replica().pause();
    let db = db.clone();
    let waits = tokio::spawn(async move { plain(&db, "a").await });
    until(&private.database, WAITING).await;
    private
        .run(&format!(
            "select {sql}(pid) from pg_stat_activity where wait_event = 'SyncRep'"
        ))
        .await;
    timeout(LIMIT, waits).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_canceled_wait_for_the_standby_is_unknown_and_the_same_key_says_what_became_of_it() {
    let private = Private::start().await;
    // What a server does not send cannot be heard; so a connection asks for warnings, whatever its role is set to.
    private
        .run("alter role news set client_min_messages = error")
        .await;
    let db = private.db();

    let canceled = cut_short(&private, &db, "pg_cancel_backend").await;

    assert!(
        matches!(canceled, Err(Error::Unknown(Why::Warned))),
        "{canceled:?}"
    );
    let rerun = within(SHORT, keyed(&db, "a")).await;
    assert!(matches!(rerun, Err(Error::Unknown(_))), "{rerun:?}");
    private.cluster.replica().resume();
    assert!(!keyed(&db, "a").await.unwrap());
}

#[tokio::test]
async fn a_commit_whose_server_process_is_ended_is_unknown() {
    let private = Private::start().await;
    let db = private.db();

    let ended = cut_short(&private, &db, "pg_terminate_backend").await;

    assert!(matches!(ended, Err(Error::Unknown(_))), "{ended:?}");
    private.cluster.replica().resume();
    assert!(!keyed(&db, "a").await.unwrap());
}

#[tokio::test]
async fn a_replay_is_not_acknowledged_while_the_standby_is_paused() {
    let private = Private::start().await;
    let db = private.db();
    assert!(keyed(&db, "a").await.unwrap());
    private.cluster.replica().pause();

    let replayed = within(SHORT, keyed(&db, "a")).await;

    assert!(matches!(replayed, Err(Error::Unknown(_))), "{replayed:?}");
    private.cluster.replica().resume();
    assert!(!keyed(&db, "a").await.unwrap());
}

/// The server process behind the connection of `db`, which has one.
async fn process(db: &Db) -> i32 {
    let process = db.write("process", |tx| {
        Box::pin(async {
            let process = sqlx::query_scalar("select pg_backend_pid()");
            Ok::<i32, Error>(process.fetch_one(&mut **tx).await?)
        })
    });
    process.await.unwrap()
}

#[tokio::test]
async fn a_caller_that_leaves_in_mid_commit_neither_cancels_it_nor_leaves_its_connection_behind() {
    let private = Private::start().await;
    let db = Db::connect(Settings {
        primaries: vec![private.database.primary_url()],
        connections: 1,
        ..Settings::default()
    });
    let of_commit = process(&db).await;
    private.cluster.replica().pause();
    let commit = tokio::spawn({
        let db = db.clone();
        async move { keyed(&db, "a").await }
    });
    until(&private.database, WAITING).await;

    commit.abort();

    // The server looks every second whether its client is still there; it is to go on waiting all the same.
    let left = Instant::now();
    while left.elapsed() < Duration::from_millis(2500) {
        until(&private.database, WAITING).await;
        let visible = marks(&private.database).await;
        assert_eq!(visible, 0, "visible, on no standby");
        sleep(Duration::from_millis(50)).await;
    }
    private.cluster.replica().resume();
    assert!(!keyed(&db, "a").await.unwrap());
    assert_ne!(process(&db).await, of_commit);
}

#[tokio::test]
async fn a_commit_whose_position_cannot_be_read_is_kept_and_only_a_primary_serves_it() {
    let private = Private::start().await;
    let db = private.db();
    private
        .run("revoke execute on function pg_walfile_name(pg_lsn) from public")
        .await;

    let (made, seen) = request(Given::Nothing, keyed(&db, "a")).await;

    assert!(made.unwrap());
    assert!(
        matches!(seen, Given::Token(token) if token.primary_only),
        "{seen:?}"
    );
    private
        .run("grant execute on function pg_walfile_name(pg_lsn) to public")
        .await;
    let (found, _) = request(seen, count(&db)).await;
    let found = found.unwrap();
    assert!(found.primary && found.value == 1);
}

/// When the wire of one attempt is cut: its COMMIT does not arrive, or its answer may not.
fn fate() -> Fate {
    let mut chance = rand::rng();
    if chance.random_bool(0.2) {
        return Fate::Cut;
    }
    Fate::PassThenCut(Duration::from_micros(chance.random_range(0..3000)))
}

#[tokio::test]
async fn a_wire_cut_in_a_commit_leaves_one_row_or_none_and_the_same_key_says_which() {
    let database = database().await;
    let (wire, db) = wired(&database).await;
    let (mut kept, mut unknown, mut found) = (0, 0, 0);
    for round in 0..100 {
        let key = format!("key {round}");
        let fate = fate();
        wire.on_sent(move |bytes| if commits(bytes) { fate } else { Fate::Pass });

        let first = within(LIMIT, plain(&db, &key)).await;

        wire.on_sent_nothing();
        let made_by_rerun = within(LIMIT, keyed(&db, &key)).await.unwrap();
        match first {
            Ok(made) => {
                assert!(made && !made_by_rerun, "lost: {key}");
                kept += 1;
            }
            Err(Error::Unknown(_)) => unknown += 1,
            other => panic!("{key}: {other:?}"),
        }
        found += u32::from(!made_by_rerun);
    }

    assert_eq!(ask(&database, "select count(*) from tallies").await, 100);
    assert_eq!(
        ask(&database, "select count(distinct key) from tallies").await,
        100
    );
    assert!(unknown > 0, "the wire was never cut in time");
    tracing::info!(
        kept,
        unknown,
        found,
        "acknowledged, unknown, found by the rerun"
    );
}

#[tokio::test]
async fn keyed_work_finds_out_by_itself_what_became_of_a_commit_whose_wire_was_cut() {
    let database = database().await;
    let (wire, db) = wired(&database).await;
    for round in 0..30 {
        let key = format!("key {round}");
        let mut fate = Some(fate());
        wire.on_sent(move |bytes| {
            let fate = if commits(bytes) { fate.take() } else { None };
            fate.unwrap_or(Fate::Pass)
        });

        let outcome = within(LIMIT, keyed(&db, &key)).await;

        assert!(outcome.is_ok(), "{key}: {outcome:?}");
    }

    assert_eq!(ask(&database, "select count(*) from tallies").await, 30);
}
