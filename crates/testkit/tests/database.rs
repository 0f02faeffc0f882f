//! A test's database is migrated, its own, known to the replica, and gone at the end.
#![cfg(test)]

use sqlx::{Connection, PgConnection, query_scalar};
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
