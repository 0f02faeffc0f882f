//! A private Postgres pair: in step, pausable, killable, kept between runs.
#![cfg(test)]

use std::time::Duration;

use stack::{Folder, Options, Postgres, Server};
use tokio::time::{sleep, timeout};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

async fn pair() -> Postgres {
    Postgres::start(Options::scratch().unwrap()).await.unwrap()
}

/// Waits until `server` answers `answer` to `sql`.
async fn until(server: &Server, sql: &str, answer: &str) {
    let found = async {
        while server.run("postgres", sql).await.ok().as_deref() != Some(answer) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, found).await.unwrap();
}

/// Writes as a service does: acknowledged when the standby has it.
async fn write(pair: &Postgres, sql: &str) -> Result<String, stack::Error> {
    let sql = format!("set synchronous_commit = on; {sql}");
    pair.primary().run("postgres", &sql).await
}

#[tokio::test]
async fn a_write_waits_for_the_replica_and_can_then_be_read_there() {
    let pair = pair().await;
    write(&pair, "create table t (n int)").await.unwrap();
    pair.replica().pause();

    let mut written = Box::pin(write(&pair, "insert into t values (7)"));

    assert!(
        timeout(Duration::from_millis(300), &mut written)
            .await
            .is_err(),
        "acknowledged by nobody"
    );
    pair.replica().resume();
    timeout(LIMIT, written).await.unwrap().unwrap();
    until(pair.replica(), "select n from t", "7").await;
}

#[tokio::test]
async fn a_replica_that_does_not_replay_acknowledges_what_it_does_not_show() {
    let pair = pair().await;
    write(&pair, "create table t (n int)").await.unwrap();
    until(pair.replica(), "select count(*) from t", "0").await;
    pair.replica().pause_replay().await.unwrap();

    timeout(LIMIT, write(&pair, "insert into t values (7)"))
        .await
        .unwrap()
        .unwrap();

    assert_eq!(
        pair.replica()
            .run("postgres", "select count(*) from t")
            .await
            .unwrap(),
        "0"
    );
    pair.replica().resume_replay().await.unwrap();
    until(pair.replica(), "select n from t", "7").await;
}

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_acknowledged() {
    let pair = pair().await;
    write(&pair, "create table t as select 7 as n")
        .await
        .unwrap();

    pair.primary().kill().await;
    assert!(pair.primary().run("postgres", "select 1").await.is_err());
    pair.replica().kill().await;
    pair.revive().await.unwrap();

    assert_eq!(
        pair.primary()
            .run("postgres", "select n from t")
            .await
            .unwrap(),
        "7"
    );
    timeout(LIMIT, write(&pair, "insert into t values (8)"))
        .await
        .unwrap()
        .unwrap();
    until(pair.replica(), "select count(*) from t", "2").await;
}

#[tokio::test]
async fn a_kept_pair_has_its_data_and_its_passwords_in_the_next_run() {
    let scratch = Folder::scratch().unwrap();
    let open = || async {
        let folder = Folder::kept(&scratch.path().join("data")).unwrap();
        let pair = Postgres::start(Options::kept(folder)).await.unwrap();
        pair.provide("order").await.unwrap();
        pair
    };
    let first = open().await;
    first
        .primary()
        .run("order", "create table t as select 7 as n")
        .await
        .unwrap();
    let login = |pair: &Postgres| {
        pair.primary()
            .url("order", "order")
            .split('@')
            .next()
            .map(str::to_owned)
    };
    let before = login(&first);
    first.stop().await;

    let second = open().await;

    assert_eq!(
        second
            .primary()
            .run("order", "select n from t")
            .await
            .unwrap(),
        "7"
    );
    assert_eq!(login(&second), before);
    assert!(
        before.unwrap().len() > "postgres://order:".len() + 20,
        "no password"
    );
}
