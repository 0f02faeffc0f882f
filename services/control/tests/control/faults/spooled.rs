//! Faults while the ledger itself is away: spooled, through a restart too, and written with their own times.

use sqlx::query_scalar;
use testkit::Wire;

use crate::house::{Control, House, free, tiny, until};

/// The settings of a control service whose database is behind `wire`, and which looks after `order`.
fn behind(wire: &Wire, house: &House, order: &str) -> Vec<(&'static str, String)> {
    let url = wire.url(&house.database.primary_url());
    vec![
        ("DATABASE_URLS", url.clone()),
        ("DATABASE_REPLICA_URLS", url),
        ("ORDER_ADDRS", order.to_owned()),
    ]
}

async fn open(house: &House, settings: &[(&'static str, String)]) -> Control {
    house.control("one", settings).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_while_the_database_is_away_is_written_when_it_is_back() {
    let house = House::new().await;
    let wire = Wire::to_url(&house.database.primary_url()).await;
    let addr = free();
    let order = tiny("order", addr).await;
    let settings = behind(&wire, &house, &addr.to_string());
    let control = open(&house, &settings).await;
    control.acquainted().await;
    let spool = house.folder.path().join("one.jsonl");
    let spooled = |what: &'static str| {
        let spool = spool.clone();
        async move || {
            std::fs::read_to_string(&spool)
                .unwrap_or_default()
                .contains(what)
        }
    };

    wire.cut();
    order.kill();
    until(
        "the end of the order service is spooled",
        spooled("instance_killed"),
    )
    .await;
    until(
        "so is that of the database",
        spooled("database_unreachable"),
    )
    .await;
    control.running.stop().await;
    assert!(house.rows().await.is_empty());
    let _order = tiny("order", addr).await;
    let control = open(&house, &settings).await;
    let back = time::OffsetDateTime::now_utc();
    wire.heal();

    let all = house.all_over_of(2).await;
    assert!(
        all.iter().any(|fault| fault.starts_with("instance_killed")),
        "{all:?}"
    );
    assert!(
        all.iter()
            .any(|fault| fault.starts_with("database_unreachable")),
        "{all:?}"
    );
    let late = query_scalar::<_, i64>("select count(*) from faults where detected_at > $1");
    let late = late
        .bind(back)
        .fetch_one(house.database.pool())
        .await
        .unwrap();
    assert_eq!(late, 0, "written with their own times");
    until("the spool is empty", async || !spool.exists()).await;
    drop(control);
}

impl House {
    /// Waits until there are `count` faults and none lasts.
    async fn all_over_of(&self, count: usize) -> Vec<String> {
        until("all of them are written", async || {
            self.rows().await.len() == count
        })
        .await;
        self.all_over().await
    }
}
