//! A backup counts when it was restored and compared, and not otherwise.

use std::fs;
use std::path::PathBuf;

use drill::Load;
use holdfast::ha::backup::{Moment, differences, of_restored};
use holdfast::say;
use stack::Until;

use super::door::{Door, nothing_left};
use crate::open::Shop;
use crate::strike::{SOME, find};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn a_backup_counts_when_it_was_restored_and_is_the_same_under_orders() {
    let shop = Shop::open().await;
    let door = Door::of(&shop);
    let none = door.say_in_vain(&["backup", "verify"]).await;
    assert!(
        none.contains("there is none; `holdfast backup` takes one"),
        "{none}"
    );
    let doctor = door.say(&["doctor"]).await;
    assert!(doctor.contains("WRONG  backups: none yet"), "{doctor}");
    let load = Load::begin(shop.plan()).await.unwrap();
    load.goes_on(SOME).await.unwrap();
    door.say(&["backup"]).await;
    load.goes_on(SOME).await.unwrap();

    let said = door.say(&["backup", "verify"]).await;

    load.goes_on(SOME).await.unwrap();
    let history = load.end().await.unwrap();
    assert_eq!(find(&shop, &history).await.all(), Vec::<&str>::new());
    say::line(&said);
    for word in ["counts", "RPO", "RTO", "the same"] {
        assert!(said.contains(word), "{said}");
    }
    let doctor = door.say(&["doctor"]).await;
    assert!(doctor.contains("ok     the newest backup is"), "{doctor}");
    assert!(
        doctor.contains("ok     a backup was restored and compared"),
        "{doctor}"
    );
    assert!(!doctor.contains("WRONG"), "{doctor}");
    nothing_left(&shop).await;
    it_is_in_the_list_that_control_reads(&shop).await;
    a_changed_row_is_found(&shop).await;
    a_missing_file_is_found(&shop, &door).await;
    door.close();
    shop.close().await;
}

async fn it_is_in_the_list_that_control_reads(shop: &Shop) {
    let folder = shop.running.backups().unwrap().folder().to_owned();
    let listed = control::backups::read(&folder.join("backups.json")).await;
    let [backup] = &listed.unwrap()[..] else {
        panic!("one was taken, one is listed");
    };
    assert!(backup.full && backup.added_bytes > 0, "{backup:?}");
    let restore = backup.restore.as_ref().unwrap();
    assert_eq!(restore.wrong, None);
    assert!(restore.rto_seconds > 0.0, "{restore:?}");
}

/// Changes a cent in the restored copy.
async fn a_changed_row_is_found(shop: &Shop) {
    let moment = Moment::hold(shop.running.cluster()).await.unwrap();
    let point = Until::Point(moment.point.clone());
    let source = moment.read().await.unwrap();
    let backups = shop.running.backups().unwrap();
    backups.flush().await.unwrap();
    let restored = backups.restore(&point).await.unwrap();
    restored.promote().await.unwrap();
    let same = differences(&source, &of_restored(&restored).await.unwrap());
    assert_eq!(same, Vec::<String>::new());

    let tamper =
        "update wallets set balance = balance + 1 where ctid = (select min(ctid) from wallets)";
    restored.run("user", tamper).await.unwrap();

    let found = differences(&source, &of_restored(&restored).await.unwrap());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("user: public.wallets") && found[0].contains("not the same"),
        "{found:?}"
    );
    restored.remove().await;
    nothing_left(shop).await;
}

/// Takes a file of the log out of the archive.
async fn a_missing_file_is_found(shop: &Shop, door: &Door) {
    let backups = shop.running.backups().unwrap();
    let before = archived(shop);
    backups.flush().await.unwrap();
    let new: Vec<PathBuf> = archived(shop)
        .into_iter()
        .filter(|file| !before.contains(file))
        .collect();
    assert!(!new.is_empty(), "nothing was archived");
    backups.flush().await.unwrap();
    fs::remove_file(&new[0]).unwrap();

    let said = door.say_in_vain(&["backup", "verify"]).await;

    assert!(
        said.contains("the archive ends before that moment: what comes after 0"),
        "{said}"
    );
    let doctor = door.say(&["doctor"]).await;
    assert!(
        doctor.contains("WRONG  backups: the last verification has failed"),
        "{doctor}"
    );
    nothing_left(shop).await;
    // What comes after a new one is all there.
    door.say(&["backup"]).await;
    door.say(&["backup", "verify"]).await;
    assert!(!door.say(&["doctor"]).await.contains("WRONG"));
}

/// The files of the log that are in the archive.
fn archived(shop: &Shop) -> Vec<PathBuf> {
    let archive = shop
        .running
        .backups()
        .unwrap()
        .folder()
        .join("repository/archive");
    let (mut found, mut folders) = (Vec::new(), vec![archive]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "lz4") {
                found.push(path);
            }
        }
    }
    found
}
