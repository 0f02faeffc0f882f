//! A database and its role are made where they are missing, once, whoever comes at the same time.
#![allow(clippy::unwrap_used, reason = "what cannot be had ends the test")]

use std::time::Duration;

use db::{Error, Settings, provide};
use futures::future::join_all;
use retry::Deadline;
use sqlx::{Connection as _, PgConnection, query_scalar};
use testkit::Cluster;

const LIMIT: Duration = Duration::from_secs(20);
/// With what ends a name, a text or a part of a URL in it.
const PASSWORD: (&str, &str) = (
    r"it's \ 100%/@:?&=+",
    "it's%20%5C%20100%25%2F%40%3A%3F%26%3D%2B",
);

/// A pair of servers that lets nobody in without a password, and a database that is to be there.
struct Scene {
    cluster: Cluster,
    wanted: Settings,
}

impl Scene {
    async fn start() -> Self {
        let cluster = testkit::guarded_cluster().await;
        let at = cluster.primary().port();
        let url = format!("postgres://shelf:{}@127.0.0.1:{at}/the%20shelf", PASSWORD.1);
        let wanted = Settings {
            primaries: vec![url],
            ..Settings::default()
        };
        Self { cluster, wanted }
    }

    fn owner(&self) -> String {
        self.cluster.primary().url("postgres", "postgres")
    }

    /// Where `role` comes in, whose password is its name.
    fn url(&self, role: &str) -> String {
        let port = self.cluster.primary().port();
        format!("postgres://{role}:{role}@127.0.0.1:{port}/postgres")
    }

    /// Runs `sql` as the one who may do everything.
    async fn run(&self, sql: &str) -> String {
        self.cluster.primary().run("postgres", sql).await.unwrap()
    }
}

#[tokio::test]
async fn who_comes_at_once_finds_it_made_once_and_its_owner_is_let_in() {
    let scene = Scene::start().await;
    let owners = [scene.owner()];

    let made = (0..4).map(|_| provide(&scene.wanted, &owners, Deadline::after(LIMIT)));
    let made = join_all(made).await;

    assert!(made.iter().all(Result::is_ok), "{made:?}");
    let url = &scene.wanted.primaries[0];
    let mut owner = PgConnection::connect(url).await.unwrap();
    let mine = "select current_user || ' owns ' || current_database() || ', ' || pg_has_role('pg_read_all_stats', 'member')
                from pg_database where datname = current_database() and pg_get_userbyid(datdba) = current_user";
    let said: String = query_scalar(mine).fetch_one(&mut owner).await.unwrap();
    assert_eq!(said, "shelf owns the shelf, true");
    sqlx::raw_sql("create table things (name text)")
        .execute(&mut owner)
        .await
        .unwrap();
}

#[tokio::test]
async fn who_may_make_roles_and_databases_and_nothing_else_makes_it_too() {
    let scene = Scene::start().await;
    scene
        .run("create role maker login createrole createdb password 'maker'")
        .await;
    scene
        .run("grant pg_read_all_stats to maker with admin option")
        .await;
    let maker = scene.url("maker");

    let made = provide(&scene.wanted, &[maker], Deadline::after(LIMIT)).await;

    made.unwrap();
    PgConnection::connect(&scene.wanted.primaries[0])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_standby_is_passed_over_and_who_may_not_is_told_so() {
    let scene = Scene::start().await;
    scene.run("create role guest login password 'guest'").await;
    let guest = scene.url("guest");
    let standby = scene.cluster.replica().url("postgres", "postgres");

    let refused = provide(&scene.wanted, &[guest], Deadline::after(LIMIT)).await;
    let owners = [standby, scene.owner()];
    let made = provide(&scene.wanted, &owners, Deadline::after(LIMIT)).await;

    let refused = refused.unwrap_err();
    assert!(matches!(refused, Error::Statement(_)), "{refused}");
    assert!(
        refused.to_string().contains("permission denied"),
        "{refused}"
    );
    made.unwrap();
}
