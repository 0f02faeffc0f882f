//! The clock of one process, which can be made to jump: libfaketime between it and the system.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// How far it jumps.
const JUMP: &str = "+1h";
const RIGHT: &str = "+0";

/// The clock of one process.
#[derive(Debug)]
pub(super) struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// Whether one can be had: libfaketime is installed.
    pub(super) fn is_possible() -> bool {
        library().is_some()
    }

    /// A clock that is right, kept in `folder`; nothing, where libfaketime is not installed.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub(super) fn kept_in(folder: &Path) -> anyhow::Result<Option<Self>> {
        let Some(library) = library() else {
            return Ok(None);
        };
        let file = folder.join("clock");
        let clock = Self { library, file };
        clock.set(RIGHT)?;
        Ok(Some(clock))
    }

    /// The settings of a process that goes by it. How long something takes it knows by another clock, which does not jump.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let shown = |path: &Path| path.display().to_string();
        let settings = [
            ("LD_PRELOAD", shown(&self.library)),
            ("FAKETIME_TIMESTAMP_FILE", shown(&self.file)),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        settings
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    /// Has it jump.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub(super) fn jump(&self) -> anyhow::Result<()> {
        self.set(JUMP)
    }

    /// Sets it right.
    ///
    /// # Errors
    /// As [`Self::jump`].
    pub(super) fn set_right(&self) -> anyhow::Result<()> {
        self.set(RIGHT)
    }

    fn set(&self, text: &str) -> anyhow::Result<()> {
        fs::write(&self.file, text).with_context(|| self.file.display().to_string())
    }
}

/// Where Debian keeps it, for programs with threads.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?;
    let files = folders
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    files.into_iter().find(|file| file.exists())
}
