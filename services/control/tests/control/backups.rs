//! The backups that whoever takes them has written down are listed, page by page.

use api::common::Page;
use api::control::backups_client::BackupsClient;
use api::control::{Backup, ListBackupsRequest};
use control::backups::{self, Restore};
use discovery::Channel;
use time::macros::datetime;
use tonic::{Code, Status};

use crate::house::House;

const BEGAN: time::OffsetDateTime = datetime!(2026-11-26 20:36:41 UTC);

/// One backup a day, each seventh of them full.
fn taken(days: i64) -> Vec<backups::Backup> {
    let one = |day: i64| backups::Backup {
        label: format!("2026112{}", day + 1),
        full: day % 7 == 0,
        began_at: BEGAN + time::Duration::days(day),
        ended_at: BEGAN + time::Duration::days(day) + time::Duration::seconds(4),
        bytes: 22_992_515,
        added_bytes: 4_522_340,
        restore: None,
    };
    (0..days).map(one).collect()
}

async fn list(
    backups: &BackupsClient<Channel>,
    limit: u32,
    cursor: &str,
    extent: &str,
) -> Result<(Vec<Backup>, String), Status> {
    let cursor = cursor.to_owned();
    let wanted = ListBackupsRequest {
        page: Some(Page { limit, cursor }),
        extent: extent.to_owned(),
    };
    let told = backups.clone().list_backups(wanted).await?.into_inner();
    Ok((told.backups, told.next_cursor))
}

fn labels(backups: &[Backup]) -> Vec<&str> {
    backups.iter().map(|backup| &*backup.label).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_listed_newest_first_in_pages_with_how_they_were_restored() {
    let house = House::new().await;
    let path = house.folder.path().join("backups.json");
    let mut all = taken(8);
    all[7].restore = Some(Restore {
        restored_at: BEGAN + time::Duration::days(7) + time::Duration::minutes(1),
        wrong: Some("a row too few".to_owned()),
        rpo_seconds: 2.5,
        rto_seconds: 8.25,
    });
    backups::write(&path, &all).unwrap();
    let control = house
        .control("one", &[("BACKUP_STAMP", path.display().to_string())])
        .await;
    let backups = BackupsClient::new(control.running.channel());

    let (first, cursor) = list(&backups, 5, "", "").await.unwrap();
    let (rest, end) = list(&backups, 5, &cursor, "").await.unwrap();
    let (full, _) = list(&backups, 5, "", "full").await.unwrap();
    let (changed, _) = list(&backups, 50, "", "changed").await.unwrap();

    assert_eq!(
        labels(&[first.clone(), rest].concat()),
        (1..=8)
            .rev()
            .map(|day| format!("2026112{day}"))
            .collect::<Vec<_>>()
    );
    assert_eq!(end, "");
    assert_eq!(labels(&full), ["20261128", "20261121"]);
    assert_eq!(changed.len(), 6);
    let newest = &first[0];
    assert_eq!(
        (&*newest.extent, &*newest.began_at, &*newest.ended_at),
        (
            "full",
            "2026-12-03T20:36:41.000000Z",
            "2026-12-03T20:36:45.000000Z"
        )
    );
    assert_eq!((newest.bytes, newest.added_bytes), (22_992_515, 4_522_340));
    let restore = newest.restore.as_ref().unwrap();
    assert_eq!(
        (
            &*restore.restored_at,
            &*restore.wrong,
            restore.rpo_seconds,
            restore.rto_seconds
        ),
        ("2026-12-03T20:37:41.000000Z", "a row too few", 2.5, 8.25)
    );
    let made = std::fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(time::OffsetDateTime::from(made), all[7].ended_at);
    let bad = list(&backups, 5, "", "half").await.unwrap_err();
    assert_eq!(bad.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_writes_backups_down_there_are_none_and_a_broken_list_is_no_list() {
    let house = House::new().await;
    let path = house.folder.path().join("backups.json");
    let stamp = [("BACKUP_STAMP", path.display().to_string())];
    let (told, untold) = tokio::join!(house.control("told", &stamp), house.control("untold", &[]));
    let told = BackupsClient::new(told.running.channel());
    let untold = BackupsClient::new(untold.running.channel());

    assert_eq!(list(&untold, 5, "", "").await.unwrap().0, []);
    assert_eq!(list(&told, 5, "", "").await.unwrap().0, []);
    // No more than that one was taken.
    std::fs::write(&path, "").unwrap();
    assert_eq!(list(&told, 5, "", "").await.unwrap().0, []);

    std::fs::write(&path, "[{\"label\": \"2026").unwrap();
    let broken = list(&told, 5, "", "").await.unwrap_err();
    assert_eq!(broken.code(), Code::Unavailable);
    assert_eq!(api::error::reason(&broken).unwrap(), "NOT_TAKEN");
}
