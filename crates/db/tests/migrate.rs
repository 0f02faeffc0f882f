//! Instances that start at once bring the schema up to date once.

use std::borrow::Cow;
use std::time::Duration;

use db::{Db, Settings};
use futures::future::join_all;
use retry::Deadline;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection as _, SqlStr};

const LIMIT: Duration = Duration::from_secs(20);

fn migrator() -> Migrator {
    let steps = [
        (1, "create table steps (number int primary key)"),
        (2, "insert into steps select 2 from pg_sleep(0.2)"),
        (3, "insert into steps values (3)"),
    ];
    let steps = steps.map(|(version, sql)| {
        let kind = MigrationType::Simple;
        Migration::new(
            version,
            "step".into(),
            kind,
            SqlStr::from_static(sql),
            false,
        )
    });
    Migrator {
        migrations: Cow::Owned(steps.into()),
        ..Migrator::DEFAULT
    }
}

#[tokio::test]
async fn instances_that_start_at_once_migrate_once() {
    let cluster = testkit::cluster().await;
    cluster.provide("empty").await.unwrap();
    let url = cluster.primary().url("empty", "empty");
    let instances: Vec<Db> = (0..4)
        .map(|_| {
            Db::connect(Settings {
                primaries: vec![url.clone()],
                ..Settings::default()
            })
        })
        .collect();
    let migrator = migrator();

    let migrated = instances
        .iter()
        .map(|db| db.migrate(&migrator, Deadline::after(LIMIT)));
    let migrated = join_all(migrated).await;

    assert!(migrated.iter().all(Result::is_ok), "{migrated:?}");
    let mut looker = sqlx::PgConnection::connect(&url).await.unwrap();
    let steps = sqlx::query_scalar::<_, i64>("select count(*) from steps").fetch_one(&mut looker);
    assert_eq!(steps.await.unwrap(), 2);
}

#[tokio::test]
async fn a_migration_waits_for_the_database_to_come() {
    let cluster = testkit::cluster().await;
    cluster.provide("empty").await.unwrap();
    let db = Db::connect(Settings {
        primaries: vec![cluster.primary().url("empty", "empty")],
        ..Settings::default()
    });
    cluster.primary().kill().await;
    let migrator = migrator();

    let (migrated, restarted) = tokio::join!(
        db.migrate(&migrator, Deadline::after(LIMIT)),
        cluster.primary().restart()
    );

    restarted.unwrap();
    migrated.unwrap();
}
