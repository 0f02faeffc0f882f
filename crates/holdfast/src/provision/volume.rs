//! The volumes, each a folder until a container mounts it, that nobody but their owner can read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::certs;
use crate::home::Home;

/// The volumes below one folder, and what is made once for all of them.
pub(super) struct Volumes<'a> {
    /// Below which they are.
    pub(super) out: &'a Path,
    /// The volume that keeps every secret, and the authority.
    pub(super) home: Home,
}

impl Volumes<'_> {
    /// A secret that is made once.
    pub(super) fn secret(&self, name: &str) -> anyhow::Result<String> {
        self.home.secret(name)
    }

    /// Writes `text` into `volume`.
    pub(super) fn put(&self, volume: &str, file: &str, text: &str) -> anyhow::Result<()> {
        let folder = self.out.join(volume);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        certs::save(&folder.join(file), text, 0o600)
    }

    /// Writes `text` into `volume`, unless it was written before: whose file it is has changed it since.
    pub(super) fn begin(&self, volume: &str, file: &str, text: &str) -> anyhow::Result<()> {
        let begun = format!("{file}.begun");
        let before = fs::read_to_string(self.out.join(volume).join(&begun));
        if before.is_ok_and(|before| before == text) {
            return Ok(());
        }
        self.put(volume, file, text)?;
        self.put(volume, &begun, text)
    }

    /// Copies the certificate and the key that are called `from` into `volume`, where they are called `to`.
    pub(super) fn certificate(&self, volume: &str, from: &str, to: &str) -> anyhow::Result<()> {
        for end in ["pem", "key"] {
            let text = self.read(&format!("{from}.{end}"))?;
            self.put(volume, &format!("{to}.{end}"), &text)?;
        }
        Ok(())
    }

    /// Copies the authority into `volume`.
    pub(super) fn authority(&self, volume: &str) -> anyhow::Result<()> {
        self.put(volume, "ca.pem", &self.read("ca.pem")?)
    }

    fn read(&self, file: &str) -> anyhow::Result<String> {
        let path: PathBuf = self.home.path().join(file);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}
