//! A worked example: a resource that refuses whoever has lost the lock.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use db::fence::{Fences, Passed};
use db::{Db, Error};
use lock::{Guard, Locks, Mode, Terms};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::house::House;

/// How long anything may take to come about.
const LIMIT: Duration = Duration::from_secs(20);
/// The resource: a sum that its holder reads, adds to, and writes back; and the fence before it.
const FENCES: Fences = Fences { table: "fences" };
const TERMS: Terms = Terms {
    mode: Mode::Exclusive,
    ttl: Duration::from_secs(1),
    wait: Duration::from_secs(10),
    max_hold: None,
};

async fn lay(house: &House) {
    for table in [
        "create table fences (name text primary key, token bigint not null)",
        "create table sums (name text primary key, sum bigint not null)",
        "insert into sums values ('till', 0)",
    ] {
        sqlx::query(table)
            .execute(house.database.pool())
            .await
            .unwrap();
    }
}

/// Shows the token, in a transaction of its own, and only then reads.
async fn read(db: &Db, guard: &Guard) -> (Passed, i64) {
    let token = guard.fence().token();
    let shown = db.write("show", move |tx| Box::pin(FENCES.show(tx, "till", token)));
    let shown: Passed = shown.await.map_err(|error: Error| error).unwrap();
    let sum = db.read_primary("read", |tx| {
        let sum = sqlx::query_scalar("select sum from sums").fetch_one(&mut **tx);
        Box::pin(async move { Ok(sum.await?) })
    });
    (shown, sum.await.unwrap().value)
}

/// Passes the fence and writes, in one transaction.
async fn write(db: &Db, guard: &Guard, sum: i64) -> Passed {
    let token = guard.fence().token();
    let written = db.write("write", move |tx| {
        Box::pin(async move {
            let passed = FENCES.pass(tx, "till", token).await?;
            if passed == Passed::Yes {
                let update = sqlx::query("update sums set sum = $1").bind(sum);
                update.execute(&mut **tx).await?;
            }
            Ok(passed)
        })
    });
    written.await.map_err(|error: Error| error).unwrap()
}

#[tokio::test]
async fn a_holder_that_was_paused_past_its_ttl_is_refused_at_the_resource_and_told_by_its_guard() {
    let house = House::open().await;
    lay(&house).await;
    let db = house.database.db();
    let locks = Locks::over(house.one.channel.clone());
    let mut paused = Paused::begin(&house);
    assert_eq!(paused.has_read().await, 0);

    let second = locks.owner("second").acquire("till", TERMS).await.unwrap();
    let (shown, sum) = read(&db, &second).await;
    // It wakes after the token was shown, and before anything is written with it.
    let (first_write, held) = paused.wake().await;
    let second_write = write(&db, &second, sum + 10).await;

    assert_eq!((shown, second_write), (Passed::Yes, Passed::Yes));
    assert_eq!(first_write, Passed::Behind);
    assert!(!held, "its guard says that it is held");
    let sum: i64 = sqlx::query_scalar("select sum from sums")
        .fetch_one(house.database.pool())
        .await
        .unwrap();
    assert_eq!(sum, 10);
}

/// A holder on a thread of its own, which stands still with all that runs there.
struct Paused {
    read: oneshot::Receiver<i64>,
    wake: mpsc::Sender<()>,
    written: oneshot::Receiver<(Passed, bool)>,
}

impl Paused {
    fn begin(house: &House) -> Self {
        let (read_at, read_told) = oneshot::channel();
        let (wake, woken) = mpsc::channel::<()>();
        let (write_at, written) = oneshot::channel();
        let (settings, urls) = (house.one.addr, house.database.primary_url());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(async move {
                let db = Db::connect(db::Settings {
                    primaries: vec![urls],
                    ..db::Settings::default()
                });
                let locks = Locks::over(crate::house::channel(settings));
                let guard = locks.owner("first").acquire("till", TERMS).await.unwrap();
                let (shown, sum) = read(&db, &guard).await;
                assert_eq!(shown, Passed::Yes);
                read_at.send(sum).unwrap();
                // The whole thread stands still, its keep-alive too.
                woken.recv().unwrap();
                let held = guard.is_held();
                let lost = timeout(Duration::from_millis(100), guard.lost()).await;
                let passed = write(&db, &guard, sum + 1).await;
                write_at.send((passed, held || lost.is_err())).unwrap();
            });
        });
        Self {
            read: read_told,
            wake,
            written,
        }
    }

    async fn has_read(&mut self) -> i64 {
        timeout(LIMIT, &mut self.read).await.unwrap().unwrap()
    }

    async fn wake(self) -> (Passed, bool) {
        self.wake.send(()).unwrap();
        timeout(LIMIT, self.written).await.unwrap().unwrap()
    }
}
