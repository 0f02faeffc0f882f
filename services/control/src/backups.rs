//! The backups that are there, as whoever takes them writes them down in a file.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A backup that is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backup {
    /// By which whoever took it knows it; later ones sort behind earlier ones.
    pub label: String,
    /// Whether it rests on none before it.
    pub full: bool,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    pub began_at: OffsetDateTime,
    /// When it was over.
    #[serde(with = "time::serde::rfc3339")]
    pub ended_at: OffsetDateTime,
    /// How many bytes the databases had.
    pub bytes: u64,
    /// How many bytes it added to what is kept.
    pub added_bytes: u64,
    /// How its last restore went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
}

/// How a backup was restored on trial, and compared with the shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restore {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub restored_at: OffsetDateTime,
    /// Why the backup does not count; nothing, where it does.
    pub wrong: Option<String>,
    /// The time of which all would have been lost.
    pub rpo_seconds: f64,
    /// The time until the restored server answered.
    pub rto_seconds: f64,
}

/// Writes down which backups there are. The file is then as old as the newest of them: its age is watched.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, backups: &[Backup]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_vec_pretty(backups)?)?;
    if let Some(newest) = backups.iter().map(|backup| backup.ended_at).max() {
        let file = File::options().write(true).open(&new)?;
        file.set_modified(newest.into())?;
    }
    fs::rename(&new, path)
}

/// Reads which backups there are, the newest first: none, where nobody has written any down, or no more than that one was
/// taken.
///
/// # Errors
/// When it is there and cannot be read.
pub async fn read(path: &Path) -> io::Result<Vec<Backup>> {
    let text = match tokio::fs::read_to_string(path).await {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut backups: Vec<Backup> = serde_json::from_str(&text)?;
    backups.sort_by(|one, other| other.label.cmp(&one.label));
    Ok(backups)
}
