//! How many grants a second, beside a bare advisory lock of Postgres: `cargo test --release -p control -- --ignored bench`.

use std::time::Duration;

use futures::future::join_all;
use sqlx::{Connection as _, PgConnection, query};
use tokio::time::Instant;

use crate::house::{House, wish};

/// How many clients, each of which wants it over and over.
const CLIENTS: usize = 16;
const TURN: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and proves nothing"]
async fn bench_of_grants_beside_an_advisory_lock() {
    let house = House::open().await;
    for (shape, locks) in [("one lock", 1), ("a lock each", CLIENTS)] {
        let ours = ours(&house, locks).await;
        let bare = bare(&house, locks).await;
        say(&format!(
            "{shape}, {CLIENTS} clients: {ours:.0} grants a second, {bare:.0} by pg_advisory_lock, 1 to {:.1}",
            bare / ours
        ));
    }
}

fn rate(counts: &[u32], began: Instant) -> f64 {
    f64::from(counts.iter().sum::<u32>()) / began.elapsed().as_secs_f64()
}

async fn ours(house: &House, locks: usize) -> f64 {
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|number| async move {
        let mut count = 0;
        while began.elapsed() < TURN {
            let wish = wish(
                &format!("lock-{}", number % locks),
                &format!("client-{number}"),
            );
            wish.have(&house.one.locks).await.unwrap();
            wish.release(&house.one.locks).await.unwrap();
            count += 1;
        }
        count
    });
    rate(&join_all(clients).await, began)
}

async fn bare(house: &House, locks: usize) -> f64 {
    let url = house.database.primary_url();
    let connect = (0..CLIENTS).map(|_| PgConnection::connect(&url));
    let connections = join_all(connect).await;
    let began = Instant::now();
    let clients = connections
        .into_iter()
        .enumerate()
        .map(|(number, connection)| async move {
            let (mut connection, mut count) = (connection.unwrap(), 0);
            let key = i64::try_from(number % locks).unwrap();
            while began.elapsed() < TURN {
                for sql in [
                    "select pg_advisory_lock($1)",
                    "select pg_advisory_unlock($1)",
                ] {
                    query(sql).bind(key).execute(&mut connection).await.unwrap();
                }
                count += 1;
            }
            count
        });
    rate(&join_all(clients).await, began)
}

#[expect(clippy::print_stderr, reason = "figures are read by people")]
fn say(line: &str) {
    eprintln!("{line}");
}
