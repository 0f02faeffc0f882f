//! The list of backups, written down beside them for control, which shows it and watches its age.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use control::backups::{self, Backup, Restore};
use stack::{Backups, Extent};

use super::Verified;

/// Where the list stands, beside the backups in `folder`.
pub(in crate::ha) fn file(folder: &Path) -> PathBuf {
    folder.join("backups.json")
}

/// Writes down which backups there are, and how the last restore went.
///
/// # Errors
/// When they cannot be listed, or the file cannot be written.
pub(in crate::ha) async fn write(all: Backups<'_>) -> anyhow::Result<()> {
    let folder = all.folder();
    let mut list: Vec<Backup> = all.list().await?.into_iter().map(entry).collect();
    if let Some(verified) = Verified::read(folder) {
        let known = list.iter().position(|one| one.label == verified.backup);
        // Of one that could not be restored there is no label: it was the newest.
        let at = known.or_else(|| list.len().checked_sub(1));
        if let Some(at) = at.filter(|_| known.is_some() || verified.backup.is_empty()) {
            list[at].restore = Some(restore(verified));
        }
    }
    let path = file(folder);
    backups::write(&path, &list).with_context(|| path.display().to_string())
}

fn entry(backup: stack::Backup) -> Backup {
    Backup {
        label: backup.label,
        full: backup.extent == Extent::Full,
        began_at: backup.began,
        ended_at: backup.ended,
        bytes: backup.bytes,
        added_bytes: backup.added,
        restore: None,
    }
}

fn restore(verified: Verified) -> Restore {
    Restore {
        restored_at: verified.at,
        wrong: verified.wrong,
        rpo_seconds: verified.rpo.as_secs_f64(),
        rto_seconds: verified.rto.as_secs_f64(),
    }
}
