//! The archive cannot be written, and can be again.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use drill::Load;

use super::door::Door;
use crate::open::{Shop, until};
use crate::strike::{SOME, find};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn an_archive_that_cannot_be_written_is_told_and_heals_and_orders_go_on() {
    let shop = Shop::open().await;
    let door = Door::of(&shop);
    door.say(&["backup"]).await;
    let load = Load::begin(shop.plan()).await.unwrap();
    let repository = shop.running.backups().unwrap().folder().join("repository");
    fs::set_permissions(&repository, Permissions::from_mode(0o000)).unwrap();

    switch(&shop).await;

    until("the doctor sees it", async || {
        let said = door.say(&["doctor"]).await;
        said.contains("WRONG  archive of the log: the last try has failed, 1 files wait")
    })
    .await;
    let said = door.say_in_vain(&["backup"]).await;
    assert!(said.contains("Permission denied"), "{said}");
    load.goes_on(SOME).await.unwrap();
    fs::set_permissions(&repository, Permissions::from_mode(0o750)).unwrap();
    switch(&shop).await;
    until("it heals", async || {
        let said = door.say(&["doctor"]).await;
        said.contains("ok     archive of the log: 0 files wait")
    })
    .await;
    door.say(&["backup", "verify"]).await;
    let history = load.end().await.unwrap();
    assert_eq!(find(&shop, &history).await.all(), Vec::<&str>::new());
    door.close();
    shop.close().await;
}

/// Has the server begin a new file of its log.
async fn switch(shop: &Shop) {
    let leader = shop.running.cluster().leader().await.unwrap();
    leader
        .run("postgres", "select pg_switch_wal()")
        .await
        .unwrap();
}
