//! What changes slowly has one fault from its threshold on, of two who look, until it is well again.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::sys::statvfs::statvfs;
use rcgen::{CertificateParams, KeyPair};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use crate::house::{Control, House, until};

const EVERY: (&str, &str) = ("CHORES_EVERY", "100ms");
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

async fn two(house: &House, settings: &[(&'static str, String)]) -> [Control; 2] {
    let every = (EVERY.0, EVERY.1.to_owned());
    let settings = [settings, &[every]].concat();
    let (one, other) = tokio::join!(
        house.control("one", &settings),
        house.control("two", &settings)
    );
    [one, other]
}

/// Makes it `well`, `ill` and `well` again, and holds what the ledger has then against `expected`.
async fn comes_and_goes(
    settings: &[(&'static str, String)],
    well: impl Fn(),
    ill: impl Fn(),
    expected: &str,
) {
    let house = House::new().await;
    well();
    let _both = two(&house, settings).await;
    // Many looks at what is well.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        assert_eq!(house.rows().await, []);
        sleep(Duration::from_millis(100)).await;
    }

    ill();
    until("it is in the ledger", async || {
        !house.rows().await.is_empty()
    })
    .await;
    well();

    assert_eq!(house.all_over().await, [expected]);
}

/// Writes a certificate that is good for as long.
fn certify(path: &Path, left: Duration) {
    let mut params = CertificateParams::new(["shop".to_owned()]).unwrap();
    params.not_after = OffsetDateTime::now_utc() + left;
    let key = KeyPair::generate().unwrap();
    std::fs::write(path, params.self_signed(&key).unwrap().pem()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_ends_within_its_time_has_one_fault_until_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edge.pem");
    let settings = [
        ("CERTIFICATES", path.display().to_string()),
        ("CERTIFICATE_LEFT", "14d".to_owned()),
    ];

    comes_and_goes(
        &settings,
        || certify(&path, DAY * 14 + HOUR),
        || certify(&path, DAY * 13 + HOUR * 23),
        &format!(
            "certificate_expiring certificate:{} resumed",
            path.display()
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_too_old_has_one_fault_until_there_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stamp");
    let settings = [
        ("BACKUP_STAMP", path.display().to_string()),
        ("BACKUP_AGE", "26h".to_owned()),
    ];
    let made = |ago: Duration| {
        let stamp = File::create(&path).unwrap();
        let made = SystemTime::now().checked_sub(ago).unwrap();
        stamp.set_modified(made).unwrap();
    };

    comes_and_goes(
        &settings,
        || made(HOUR * 25),
        || made(HOUR * 27),
        &format!("backup_stale backup:{} resumed", path.display()),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_with_less_room_than_it_should_have_has_one_fault_until_it_has_more() {
    let folder = tempfile::tempdir().unwrap();
    let told = statvfs(folder.path()).unwrap();
    let free = told.blocks_available() * 100 / told.blocks().max(1);
    let wanted = |percent: u64| {
        [
            ("DISKS", folder.path().display().to_string()),
            ("DISK_FREE", percent.to_string()),
        ]
    };
    let house = House::new().await;

    let asking_much = two(&house, &wanted((free + 5).min(100))).await;
    until("it is in the ledger", async || {
        !house.rows().await.is_empty()
    })
    .await;
    for control in asking_much {
        control.running.stop().await;
    }
    let _asking_less = two(&house, &wanted(free.saturating_sub(5))).await;

    let expected = format!("disk_full disk:{} ", folder.path().display());
    let all = house.all_over().await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].starts_with(&expected), "{all:?}");
}
