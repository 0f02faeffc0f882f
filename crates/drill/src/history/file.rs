//! A history as a file: a line of JSON for each operation, written as it ends.

use std::fs::File;
use std::io::{self, LineWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use tokio::time::Instant;

use super::Operation;

/// Where operations are written to.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    start: Instant,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    file: LineWriter<File>,
    /// Why nothing more is written.
    failed: Option<io::Error>,
}

impl Lines {
    /// Begins the file at `path`; times in it are seconds after `start`.
    pub(super) fn begin(path: &Path, start: Instant) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self {
            path: path.to_owned(),
            start,
            held: Mutex::new(Held {
                file: LineWriter::new(file),
                failed: None,
            }),
        })
    }

    /// Writes one line. What a disk refuses is told at the end: customers go on coming.
    pub(super) fn write(&self, operation: &Operation<'_>) {
        let mut held = self.held();
        if held.failed.is_none() {
            let line = operation.line(self.start);
            held.failed = writeln!(held.file, "{line}").err();
        }
    }

    /// Whether all of it is written.
    pub(super) fn written(&self) -> anyhow::Result<()> {
        let failed = self.held().failed.take();
        failed
            .map_or(Ok(()), Err)
            .with_context(|| self.path.display().to_string())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
