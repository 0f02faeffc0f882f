//! A table was dropped by mistake.

use std::collections::HashMap;
use std::time::Duration;

use drill::{Heard, Load, Plan, Sending, Stored};
use holdfast::say;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{PgPool, query};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::process::Command;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::door::{Door, nothing_left, quoted, something_there};
use crate::open::{Shop, store, until};
use crate::strike::SOME;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_table_that_was_dropped_is_back_as_of_a_second_before() {
    let shop = Shop::open().await;
    let door = Door::of(&shop);
    door.say(&["backup"]).await;
    // Once the table is gone nobody gets an answer that they can do something with.
    let limit = Duration::from_secs(30);
    let load = Load::begin(Plan {
        limit,
        ..shop.plan()
    })
    .await
    .unwrap();
    load.goes_on(SOME).await.unwrap();
    let (moment, seen) = (OffsetDateTime::now_utc(), Instant::now());
    sleep(Duration::from_secs(1)).await;
    let shelf = store(&shop.running, "order").await;
    query("drop table orders cascade")
        .execute(&shelf)
        .await
        .unwrap();

    let mut program = door.begin(&["restore", "--to-time", &written(moment)]);
    let url = quoted(&mut program).await;

    let history = load.end().await.unwrap();
    let stored = stored(&url, &history.customers()).await;
    holds_what_was_acknowledged_by(seen, &history.sendings(), &stored);
    takes_no_write(&url).await;
    // Whoever asked for it dies.
    assert!(something_there(&shop));
    program.kill().await.unwrap();
    nothing_left(&shop).await;
    door.close();
    shop.close().await;
}

/// Reads the orders of `customers` from where psql is told to read them.
async fn stored(url: &str, customers: &[Uuid]) -> Vec<Stored> {
    let pool = PgPool::connect(url).await.unwrap();
    Stored::of(&pool, customers).await.unwrap()
}

/// All that was acknowledged by then is there as it was told, and nothing that was sent since.
fn holds_what_was_acknowledged_by(seen: Instant, sendings: &[Sending], stored: &[Stored]) {
    let by_id: HashMap<Uuid, &Stored> = stored.iter().map(|order| (order.id, order)).collect();
    let mut acknowledged = 0;
    for sending in sendings {
        let Heard::Taken { id, total, .. } = &sending.heard else {
            continue;
        };
        if sending.ended <= seen {
            assert_eq!(by_id[id].total, *total, "{sending:?}");
            acknowledged += 1;
        }
        if sending.began > seen {
            assert!(!by_id.contains_key(id), "{sending:?}");
        }
    }
    say::line(format_args!(
        "  {acknowledged} orders were acknowledged by that moment, {} are in the restored copy",
        stored.len()
    ));
    assert!(acknowledged >= SOME);
}

async fn takes_no_write(url: &str) {
    let args = [url, "-XAtc", "create table late (n int)"];
    let output = Command::new("psql").args(args).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("read-only transaction"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn nothing_is_left_of_a_restore_that_failed_or_was_broken_off_or_is_over() {
    let shop = Shop::open().await;
    let door = Door::of(&shop);
    let before = OffsetDateTime::now_utc();
    door.say(&["backup"]).await;

    let early = door
        .say_in_vain(&["restore", "--to-time", &written(before)])
        .await;
    assert!(
        early.contains("nothing before the oldest backup"),
        "{early}"
    );
    nothing_left(&shop).await;
    let late = before + Duration::from_hours(1);
    let late = door
        .say_in_vain(&["restore", "--to-time", &written(late)])
        .await;
    assert!(late.contains("is still to come"), "{late}");
    let no = door
        .say_in_vain(&["restore", "--to-time", "yesterday"])
        .await;
    assert!(no.contains("is no moment"), "{no}");

    // Ctrl-C in the middle of it.
    sleep(Duration::from_secs(1)).await;
    let now = written(OffsetDateTime::now_utc());
    let mut program = door.begin(&["restore", "--to-time", &now]);
    until("it has begun", async || something_there(&shop)).await;
    let pid = i32::try_from(program.id().unwrap()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
    program.wait().await.unwrap();
    nothing_left(&shop).await;

    // One that was to stay does, until it is ended; and the next one takes its place.
    for _ in 0..2 {
        door.say(&["restore", "--to-time", &now, "--keep"]).await;
        assert!(something_there(&shop));
    }
    let said = door.say(&["restore", "--end"]).await;
    assert!(said.contains("is gone"), "{said}");
    nothing_left(&shop).await;
    door.say(&["restore", "--to-time", &now, "--keep"]).await;
    let shop_folder = shop.running.cluster().folder().to_owned();
    door.close();
    shop.running.close().await;
    let left = std::fs::read_dir(shop_folder).unwrap().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("restored-"));
    assert_eq!(left.count(), 0);
}

fn written(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap()
}
