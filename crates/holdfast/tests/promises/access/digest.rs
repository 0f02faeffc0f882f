//! Whether anything was written, anywhere.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AssertSqlSafe, query_scalar};
use tokio::time::{Instant, sleep};

use crate::open::{SETTLED, Shop};

/// Waits until no saga is under way and everybody has heard what happened.
pub(crate) async fn quiet(shop: &Shop) {
    let end = Instant::now() + SETTLED;
    loop {
        let open = "select (select count(*) from sagas where ended_at is null)
            + (select count(*) from outbox where delivered_at is null)";
        let open: i64 = query_scalar(open)
            .fetch_one(shop.order.pool())
            .await
            .unwrap();
        if open == 0 {
            return;
        }
        assert!(Instant::now() < end, "{open} sagas or notices are stuck");
        sleep(Duration::from_millis(50)).await;
    }
}

/// A hash of each table of every service, by its name: equal as long as nothing was written.
pub(crate) async fn digest(shop: &Shop) -> BTreeMap<String, String> {
    let mut digest = BTreeMap::new();
    for (name, database) in [
        ("user", &shop.user),
        ("order", &shop.order),
        ("news", &shop.news),
        ("control", &shop.control),
    ] {
        // But for what control writes by itself, whoever asks: that its instances live, what it finds wrong, how many instances
        // there are to be, and whose turn it is to decide that.
        let tables = "select tablename::text from pg_tables
            where schemaname = 'public' and tablename not in
                ('lock_instances', 'faults', 'scaling', 'scaling_load', 'scaling_decisions')";
        let tables: Vec<String> = query_scalar(tables)
            .fetch_all(database.pool())
            .await
            .unwrap();
        for table in tables {
            let rows = format!(
                "select coalesce(md5(string_agg(t::text, ',' order by t::text)), 'empty') from {table} t
                where t::text not like '(scaler.leader,%'"
            );
            let hash = query_scalar(AssertSqlSafe(rows)).fetch_one(database.pool());
            digest.insert(format!("{name}.{table}"), hash.await.unwrap());
        }
    }
    digest
}
