//! What changes slowly: room on disks, the life of certificates, the age of the last backup; what the ledger need not keep.

mod certificate;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use db::Db;
use nix::sys::statvfs::statvfs;
use time::OffsetDateTime;
use tracing::warn;

use super::scene::{Beginning, Scene};
use crate::config::Chores;
use crate::domain::fault::{Kind, Resolution, UNKNOWN};
use crate::store::faults::write;

/// What was found wrong: which kind, and who has it.
type Wrong = (Kind, String);

/// Looks at all of it, again and again.
pub(super) async fn watch(scene: Scene, chores: Chores, db: Db) {
    let mut open: HashMap<Wrong, OffsetDateTime> = HashMap::new();
    let mut well_at = OffsetDateTime::now_utc();
    loop {
        let now = OffsetDateTime::now_utc();
        let (wrong, right) = look(&chores, now);
        for fault in &wrong {
            if !open.contains_key(fault) {
                open.insert(fault.clone(), now);
                scene.began(begun(fault, well_at)).await;
            }
            scene.board.ill(&fault.1);
        }
        for fault in &right {
            scene.board.well(&fault.1, now, UNKNOWN);
            if open.remove(fault).is_some() {
                let subject = (fault.0, fault.1.as_str(), UNKNOWN);
                scene
                    .ended(subject, now, Resolution::Resumed, String::new())
                    .await;
            }
        }
        well_at = now;
        prune(&db, now).await;
        tokio::time::sleep(chores.every).await;
    }
}

fn begun((kind, component): &Wrong, since: OffsetDateTime) -> Beginning {
    Beginning {
        kind: *kind,
        component: component.clone(),
        incarnation: UNKNOWN.to_owned(),
        since,
        cause: None,
        handling: String::new(),
    }
}

/// What is wrong, and what is not.
fn look(chores: &Chores, now: OffsetDateTime) -> (Vec<Wrong>, Vec<Wrong>) {
    let disks = chores.disks.iter().map(|path| {
        let full = free(path).is_some_and(|free| free < f64::from(chores.free_percent));
        (full, (Kind::DiskFull, named("disk", path)))
    });
    let certificates = chores.certificates.iter().map(|path| {
        let end = certificate::end(path);
        let soon = end.is_none_or(|end| end - now < chores.certificate_left);
        (
            soon,
            (Kind::CertificateExpiring, named("certificate", path)),
        )
    });
    let backups = chores.backup.iter().map(|path| {
        let made = fs::metadata(path).and_then(|told| told.modified());
        let old = made.map_or(true, |made| {
            now - OffsetDateTime::from(made) > chores.backup_age
        });
        (old, (Kind::BackupStale, named("backup", path)))
    });
    let all: Vec<_> = disks.chain(certificates).chain(backups).collect();
    let (wrong, right): (Vec<_>, Vec<_>) = all.into_iter().partition(|(wrong, _)| *wrong);
    let parts = |list: Vec<(bool, Wrong)>| list.into_iter().map(|(_, fault)| fault).collect();
    (parts(wrong), parts(right))
}

/// How much of a disk is free, in percent.
fn free(path: &Path) -> Option<f64> {
    let told = statvfs(path).ok()?;
    #[allow(clippy::cast_precision_loss, reason = "a percentage needs no more")]
    let part = |blocks: u64| blocks as f64;
    Some(100.0 * part(told.blocks_available()) / part(told.blocks().max(1)))
}

fn named(what: &str, path: &Path) -> String {
    format!("{what}:{}", path.display())
}

async fn prune(db: &Db, now: OffsetDateTime) {
    let pruned = db.write("faults: prune", |tx| Box::pin(write::prune(tx, now)));
    if let Err(error) = pruned.await {
        warn!(%error, "old faults stay for now");
    }
}
