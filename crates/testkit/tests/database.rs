//! A test's database is migrated, its own, known to the replica, counts its deadlocks, and is gone at the end.
#![cfg(test)]

use sqlx::{Connection, PgConnection, query, query_scalar};
use testkit::database;

#[tokio::test]
async fn two_databases_share_nothing_and_have_every_table() {
    let (ann, bob) = tokio::join!(database("order"), database("order"));

    let tables: i64 = query_scalar("select count(*) from pg_tables where schemaname = 'public'")
        .fetch_one(ann.pool())
        .await
        .unwrap();

    assert!(tables > 1, "not migrated");
    assert_ne!(ann.url(), bob.url());
}

#[tokio::test]
async fn the_replica_knows_a_database_from_the_first_moment() {
    let database = database("order").await;

    let mut replica = PgConnection::connect(&database.replica_url())
        .await
        .unwrap();

    let behind: bool = query_scalar("select pg_is_in_recovery()")
        .fetch_one(&mut replica)
        .await
        .unwrap();
    assert!(behind);
}

#[tokio::test]
async fn a_deadlock_is_counted_however_short_ago_it_was() {
    let database = database("order").await;
    query("create table doors as select id from generate_series(1, 2) as id")
        .execute(database.pool())
        .await
        .unwrap();
    let lock = async |tx: &mut PgConnection, door: i32| {
        let lock = query("update doors set id = id where id = $1").bind(door);
        lock.execute(tx).await.map(drop)
    };
    let mut ann = database.pool().begin().await.unwrap();
    let mut bob = database.pool().begin().await.unwrap();
    lock(&mut ann, 1).await.unwrap();
    lock(&mut bob, 2).await.unwrap();

    let (one, other) = tokio::join!(lock(&mut ann, 2), async {
        let ended = lock(&mut bob, 1).await;
        // Whoever is through lets the other one go on.
        drop(bob);
        ended
    });

    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    drop(ann);
    assert_eq!(database.deadlocks().await, 1);
}

#[tokio::test]
async fn a_database_is_gone_when_its_test_has_failed() {
    let survivor = database("order").await;
    let failed = tokio::spawn(async {
        let database = database("order").await;
        let name = database.url().rsplit('/').next().unwrap().to_owned();
        std::panic::panic_any((database, name).1);
    });

    let name = failed
        .await
        .unwrap_err()
        .into_panic()
        .downcast::<String>()
        .unwrap();

    let left: i64 = query_scalar("select count(*) from pg_database where datname = $1")
        .bind(*name)
        .fetch_one(survivor.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}
