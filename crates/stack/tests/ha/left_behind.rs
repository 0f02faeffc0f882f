//! Nothing outlives whoever started it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use stack::{Cluster, Folder, Options, Plan};
use tokio::time::{Instant, sleep};

use crate::scene::HEALED;

/// The processes that name `path`.
fn naming(path: &str) -> String {
    let found = Command::new("pgrep").args(["-af", path]).output().unwrap();
    let text = String::from_utf8(found.stdout).unwrap();
    let ours = text.lines().filter(|line| !line.contains("pgrep"));
    ours.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn nothing_is_left_of_a_floor_that_was_dropped() {
    let plan = Plan::scratch().unwrap();
    let path = plan.postgres.folder.path().display().to_string();
    let cluster = Cluster::start(plan).await.unwrap();
    assert!(naming(&path).contains("postgres"), "nothing to look for");

    drop(cluster);

    let end = Instant::now() + HEALED;
    while !naming(&path).is_empty() {
        assert!(Instant::now() < end, "left behind:\n{}", naming(&path));
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn a_kept_floor_has_its_data_and_its_passwords_in_the_next_run() {
    let scratch = Folder::scratch().unwrap();
    let open = || async {
        let folder = Folder::kept(&scratch.path().join("ha")).unwrap();
        let plan = Plan {
            postgres: Options::kept(folder),
            ..Plan::scratch().unwrap()
        };
        let cluster = Cluster::start(plan).await.unwrap();
        cluster.provide("order").await.unwrap();
        cluster
    };
    let first = open().await;
    let leader = first.leader().await.unwrap();
    leader
        .run("order", "create table t as select 7 as n")
        .await
        .unwrap();
    let login = |cluster: &Cluster| {
        let urls = cluster.primary_urls("order", "order");
        urls[0].split('@').next().map(str::to_owned)
    };
    let before = login(&first);
    first.stop().await;

    let second = open().await;

    let leader = second.leader().await.unwrap();
    assert_eq!(leader.run("order", "select n from t").await.unwrap(), "7");
    assert_eq!(login(&second), before);
    assert!(
        before.unwrap().len() > "postgres://order:".len() + 20,
        "no password"
    );
    second.stop().await;
}

/// Set for the process that is going to be killed: where its floor is.
const HELD: &str = "HOLDFAST_TEST_HELD";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn nothing_is_left_of_a_floor_whose_owner_was_killed() {
    let scratch = Folder::scratch().unwrap();
    let path = scratch.path().join("ha").display().to_string();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "left_behind::held_until_killed"])
        .env(HELD, &path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + HEALED;
    while !scratch.path().join("ha/up").exists() {
        assert!(Instant::now() < end, "the floor does not come up");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(naming(&path).contains("postgres"), "nothing to look for");

    owner.kill().unwrap();
    owner.wait().unwrap();

    while !naming(&path).is_empty() {
        assert!(Instant::now() < end, "left behind:\n{}", naming(&path));
        sleep(Duration::from_millis(50)).await;
    }
}

/// Not a test of its own: what the one above starts, and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by another test"]
async fn held_until_killed() {
    let Some(path) = std::env::var_os(HELD) else {
        return;
    };
    let folder = Folder::kept(Path::new(&path)).unwrap();
    let plan = Plan {
        postgres: Options::kept(folder),
        ..Plan::scratch().unwrap()
    };
    let _cluster = Cluster::start(plan).await.unwrap();
    std::fs::write(Path::new(&path).join("up"), "").unwrap();
    sleep(HEALED * 5).await;
}
