//! All nodes are lost with their disks; only the backups are left.

use drill::{Goal, Heard, Load, Stored};
use holdfast::say;
use stack::Folder;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::process::Command;

use super::door::{Door, quoted};
use crate::open::{Shop, store};
use crate::strike::{SOME, strike};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_shop_of_which_only_the_backups_are_left_is_put_together_again() {
    let kept = Folder::scratch().unwrap();
    let backups = || Folder::kept(&kept.path().join("backups")).unwrap();
    let before = Shop::on(backups(), &[]).await;
    let door = Door::of(&before);
    door.say(&["backup"]).await;
    let load = Load::begin(before.plan()).await.unwrap();
    load.goes_on(SOME).await.unwrap();
    let history = load.end().await.unwrap();
    let moment = OffsetDateTime::now_utc();
    before.running.backups().unwrap().flush().await.unwrap();
    let mug = before.mug;
    door.close();
    drop(before);
    let mut after = Shop::on(backups(), &[]).await;
    let door = Door::of(&after);
    // It has its own in the same place by now, as a shop has that was just opened.
    door.say(&["backup"]).await;

    let moment = moment.format(&Rfc3339).unwrap();
    let mut program = door.begin(&["restore", "--to-time", &moment]);
    let there = quoted(&mut program).await;
    for name in ["user", "order", "news"] {
        put_back(&there, &after.running.cluster().url_by_file("order"), name).await;
    }
    // What they have prepared is of tables that are gone, and what is cached is of another shop.
    for name in [
        "redis-1",
        "gateway-1",
        "gateway-2",
        "redis-2",
        "user-1",
        "user-2",
        "order-1",
        "order-2",
        "news-1",
        "news-2",
    ] {
        after.act(&format!("kill {name}")).await;
    }
    after.healed().await;

    let order = store(&after.running, "order").await;
    let stored = Stored::of(&order, &history.customers()).await.unwrap();
    let sendings = history.sendings();
    let told = sendings.iter().filter_map(|one| match &one.heard {
        Heard::Taken { id, total, .. } => Some((*id, *total)),
        _ => None,
    });
    for (id, total) in told {
        assert!(
            stored
                .iter()
                .any(|order| order.id == id && order.total == total),
            "{id} is gone"
        );
    }
    say::line(format_args!("  {} orders are back", stored.len()));
    after.mug = mug;
    strike(
        &after,
        "order on, in a shop put together again",
        Goal::seconds(1).one_retry(),
        async |_, _| {},
    )
    .await;
    program.kill().await.unwrap();
    door.close();
    after.close().await;
}

/// Puts the database called `name` in place of the one that is there, as docs/restore.md says.
async fn put_back(there: &str, here: &str, name: &str) {
    let url = |url: &str| url.replace("/order?", &format!("/{name}?"));
    let line = format!(
        "pg_dump --clean --if-exists '{}' | psql -q --single-transaction -v ON_ERROR_STOP=1 '{}'",
        url(there),
        url(here)
    );
    let output = Command::new("sh")
        .args(["-c", &line])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("ERROR"), "{said}");
}
