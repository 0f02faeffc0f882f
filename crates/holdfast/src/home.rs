//! The folder in which a shop on this machine lives: its data, its secrets, and who runs it at the moment.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use drill::Door;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stack::Folder;
use tokio::time::{Instant, sleep};

use crate::certs;

/// How long a running shop may take to end.
const END: Duration = Duration::from_secs(90);
/// How often we look whether it has.
const LOOK: Duration = Duration::from_millis(50);

/// The folder of a shop.
#[derive(Debug, Clone)]
pub struct Home {
    path: PathBuf,
}

/// The right to run the shop of a folder, which one process has at a time.
#[derive(Debug)]
pub struct Tenancy {
    lock: Flock<File>,
}

/// Who runs a shop, and where it answers.
#[derive(Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The process.
    pub pid: i32,
    /// Where the shop answers.
    pub url: String,
}

impl Home {
    /// The shop of `path`, which need not be there yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the right to run this shop and notes that it answers at `url`.
    ///
    /// # Errors
    /// When another process has it.
    pub fn move_in(&self, url: &str) -> anyhow::Result<Tenancy> {
        fs::create_dir_all(&self.path).with_context(|| self.path.display().to_string())?;
        let file = self.note(true)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut lock) => {
                lock.set_len(0)?;
                writeln!(lock, "{} {url}", std::process::id())?;
                Ok(Tenancy { lock })
            }
            Err((_, Errno::EWOULDBLOCK)) => match self.tenant() {
                Some(Tenant { pid, url }) => {
                    bail!("the shop is open already, at {url} (process {pid}); `make down` ends it")
                }
                None => bail!("the shop is being opened by another process"),
            },
            Err((_, errno)) => Err(errno).context("locking the shop's folder"),
        }
    }

    /// Who runs this shop at the moment.
    pub fn tenant(&self) -> Option<Tenant> {
        let mut file = self.note(false).ok()?;
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        let (pid, url) = text.trim().split_once(' ')?;
        let tenant = Tenant {
            pid: pid.parse().ok()?,
            url: url.to_owned(),
        };
        // Nobody holds the lock: the note was left behind by someone who was killed.
        Flock::lock(file, FlockArg::LockSharedNonblock)
            .is_err()
            .then_some(tenant)
    }

    /// Ends whoever runs this shop, and waits until all of it is gone; says whether there was anybody.
    ///
    /// # Errors
    /// When they do not end.
    pub async fn evict(&self) -> anyhow::Result<bool> {
        let Some(tenant) = self.tenant() else {
            return Ok(false);
        };
        kill(Pid::from_raw(tenant.pid), Signal::SIGTERM).context("ending the shop")?;
        let end = Instant::now() + END;
        while self.tenant().is_some() {
            if Instant::now() > end {
                bail!(
                    "process {} has not ended after {} s",
                    tenant.pid,
                    END.as_secs()
                );
            }
            sleep(LOOK).await;
        }
        Ok(true)
    }

    /// Where Postgres keeps the data: here, or where its account can get to.
    ///
    /// # Errors
    /// When that folder cannot be made.
    pub fn data(&self) -> anyhow::Result<Folder> {
        Ok(Folder::kept_or_elsewhere(&self.path.join("postgres"))?)
    }

    /// Where the highly available form keeps its data, likewise.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn ha_data(&self) -> anyhow::Result<Folder> {
        Ok(Folder::kept_or_elsewhere(&self.path.join("ha/data"))?)
    }

    /// Where its certificates are, and the authority behind them.
    pub fn certs(&self) -> PathBuf {
        self.path.join("certs")
    }

    /// The door at `url`: an `https` one is this shop's if the authority here has certified it.
    ///
    /// # Errors
    /// When there is no authority here.
    pub fn door(&self, url: &str) -> anyhow::Result<Door> {
        if url.starts_with("https:") {
            return Door::certified(url, &certs::authority_of(&self.certs()));
        }
        Ok(url.into())
    }

    /// Where the highly available form keeps its backups, likewise.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn ha_backups(&self) -> anyhow::Result<Folder> {
        Ok(Folder::kept_or_elsewhere(&self.path.join("ha/backups"))?)
    }

    /// Removes everything, wherever it is.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn remove(&self) -> anyhow::Result<()> {
        if !self.path.exists() {
            return Ok(());
        }
        for data in [self.data()?, self.ha_data()?, self.ha_backups()?] {
            let data = data.path();
            fs::remove_dir_all(data).with_context(|| data.display().to_string())?;
        }
        fs::remove_dir_all(&self.path).with_context(|| self.path.display().to_string())
    }

    /// Reads the secret `name`, or makes one of 32 bytes that nobody can guess.
    ///
    /// # Errors
    /// When it can be neither read nor written.
    pub fn secret(&self, name: &str) -> anyhow::Result<String> {
        let path = self.path.join(name);
        if let Ok(found) = fs::read_to_string(&path) {
            return Ok(found.trim().to_owned());
        }
        let secret = format!(
            "{:032x}{:032x}",
            rand::random::<u128>(),
            rand::random::<u128>()
        );
        let mut options = OpenOptions::new();
        let file = options.create_new(true).write(true).mode(0o600).open(&path);
        writeln!(
            file.with_context(|| path.display().to_string())?,
            "{secret}"
        )?;
        Ok(secret)
    }

    fn note(&self, create: bool) -> anyhow::Result<File> {
        let path = self.path.join("tenant");
        let file = OpenOptions::new()
            .read(true)
            .write(create)
            .create(create)
            .open(&path);
        file.with_context(|| path.display().to_string())
    }
}

impl Drop for Tenancy {
    fn drop(&mut self) {
        // What is left in the note means nothing without the lock.
        let _ = self.lock.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_runs_a_shop() {
        let folder = Folder::scratch().unwrap();
        let home = Home::at(folder.path());
        let tenancy = home.move_in("http://localhost:1").unwrap();

        let second = home.move_in("http://localhost:2");

        let said = second.unwrap_err().to_string();
        assert!(
            said.contains("open already, at http://localhost:1"),
            "{said}"
        );
        drop(tenancy);
        assert_eq!(home.tenant(), None);
        home.move_in("http://localhost:2").unwrap();
    }

    #[test]
    fn a_secret_is_made_once() {
        let folder = Folder::scratch().unwrap();
        let home = Home::at(folder.path());

        let (first, second) = (home.secret("key").unwrap(), home.secret("key").unwrap());

        assert_eq!(first, second);
        assert_eq!(first.len(), 64);
        assert_ne!(first, home.secret("other").unwrap());
    }

    #[test]
    fn nothing_is_left_of_a_removed_shop() {
        let folder = Folder::scratch().unwrap();
        let home = Home::at(folder.path().join("shop"));
        drop(home.move_in("http://localhost:1").unwrap());
        home.data().unwrap();

        home.remove().unwrap();

        assert!(!home.path().exists());
    }
}
