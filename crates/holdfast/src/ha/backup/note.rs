//! The note of how the last verification went, beside the backups.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// How the last verification went.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// When.
    pub at: OffsetDateTime,
    /// Which backup.
    pub backup: String,
    /// Why it does not count; nothing, where it does.
    pub wrong: Option<String>,
    /// The time of which all would have been lost.
    pub rpo: Duration,
    /// The time until a restored server answered.
    pub rto: Duration,
}

impl Verified {
    /// Writes it beside the backups in `folder`.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let note = json!({
            "at": self.at.unix_timestamp(),
            "backup": self.backup,
            "wrong": self.wrong,
            "rpo": self.rpo.as_secs_f64(),
            "rto": self.rto.as_secs_f64(),
        });
        let (path, new) = (file(folder), file(folder).with_extension("new"));
        fs::write(&new, format!("{note:#}\n")).with_context(|| new.display().to_string())?;
        fs::rename(&new, &path).with_context(|| path.display().to_string())
    }

    /// Reads it; nothing, where none was verified.
    pub fn read(folder: &Path) -> Option<Self> {
        let note: Value = serde_json::from_str(&fs::read_to_string(file(folder)).ok()?).ok()?;
        let time = |name: &str| Duration::try_from_secs_f64(note[name].as_f64()?).ok();
        Some(Self {
            at: OffsetDateTime::from_unix_timestamp(note["at"].as_i64()?).ok()?,
            backup: note["backup"].as_str()?.to_owned(),
            wrong: note["wrong"].as_str().map(str::to_owned),
            rpo: time("rpo")?,
            rto: time("rto")?,
        })
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("verified.json")
}

#[cfg(test)]
mod tests {
    use stack::Folder;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_note_that_was_written_is_read_as_the_same() {
        let folder = Folder::scratch().unwrap();
        assert_eq!(Verified::read(folder.path()), None);
        for wrong in [None, Some("a row too few".to_owned())] {
            let note = Verified {
                at: datetime!(2026-11-26 20:36:41 UTC),
                backup: "20261126-204226F".to_owned(),
                wrong,
                rpo: Duration::from_millis(2_500),
                rto: Duration::from_millis(3_250),
            };

            note.write(folder.path()).unwrap();

            assert_eq!(Verified::read(folder.path()), Some(note));
        }
    }
}
