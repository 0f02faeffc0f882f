//! A small disk of one database node's own, which can be filled: a file system in memory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use nix::sys::statvfs::statvfs;
use nix::unistd::{Gid, Uid, User, chown};

/// Room for a node's data, and for its log, which grows to 1 GB in a long drill (`max_wal_size`).
const SIZE: &str = "size=2g,mode=0755";

/// A disk that can be filled. What is mounted for it goes with the scratch folders that hold it.
#[derive(Debug)]
pub(super) struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Mounts one at `path`, and a part of it where the database node `node` will keep its data in `folder`. The mounts of
    /// this process have to be its own.
    ///
    /// # Errors
    /// When it cannot be mounted.
    pub(super) fn below(folder: &Path, node: &str, path: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&path)?;
        mount(&["-t", "tmpfs", "-o", SIZE, "holdfast", &shown(&path)])?;
        let (data, seen) = (path.join("data"), folder.join(node));
        fs::create_dir_all(&data)?;
        fs::create_dir_all(&seen)?;
        let user = User::from_name("postgres")?.context("the account `postgres`")?;
        chown(
            &data,
            Some(Uid::from_raw(user.uid.as_raw())),
            Some(Gid::from_raw(user.gid.as_raw())),
        )?;
        // A server starts on nothing that others may read.
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
        mount(&["--bind", &shown(&data), &shown(&seen)])?;
        Ok(Self { path })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves no room on it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn fill(&self) -> anyhow::Result<()> {
        let told = statvfs(&self.path)?;
        let free = told.blocks_available() * told.fragment_size();
        let ballast = Command::new("fallocate")
            .args(["--length", &free.to_string()])
            .arg(self.ballast())
            .output()?;
        ensure!(
            ballast.status.success(),
            "{}",
            String::from_utf8_lossy(&ballast.stderr)
        );
        Ok(())
    }

    /// Makes room again.
    pub(super) fn clear(&self) {
        // Gone already, where it was never filled.
        let _ = fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }
}

fn mount(args: &[&str]) -> anyhow::Result<()> {
    let told = Command::new("mount").args(args).output().context("mount")?;
    ensure!(
        told.status.success(),
        "mount: {}",
        String::from_utf8_lossy(&told.stderr)
    );
    Ok(())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
