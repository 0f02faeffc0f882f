//! The passwords of one cluster's roles, in a file that only its account reads.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;

/// A password file as libpq reads it: `*:*:*:role:password`, a line for each role.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    file: PathBuf,
    account: Option<Account>,
}

impl Passwords {
    /// Opens the file inside `folder`; it is written when the first role gets its password.
    pub(crate) fn inside(folder: &Path, account: Option<Account>) -> Self {
        Self {
            file: folder.join("pgpass"),
            account,
        }
    }

    /// What libpq's programs need in their environment.
    pub(crate) fn env(&self) -> [(&'static str, &OsStr); 1] {
        [("PGPASSFILE", self.file.as_os_str())]
    }

    /// Where the file is.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Finds the password of `role`.
    pub(crate) fn of(&self, role: &str) -> Option<String> {
        let found = fs::read_to_string(&self.file).ok()?;
        let head = format!("*:*:*:{role}:");
        found
            .lines()
            .find_map(|line| line.strip_prefix(&head))
            .map(str::to_owned)
    }

    /// Finds the password of `role`, or makes one that nobody can guess.
    pub(crate) fn of_or_new(&self, role: &str) -> Result<String, Error> {
        if let Some(found) = self.of(role) {
            return Ok(found);
        }
        let password = format!("{:032x}", rand::random::<u128>());
        let mut options = OpenOptions::new();
        let opened = options
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.file);
        let mut file = opened.map_err(Error::files(&self.file))?;
        writeln!(file, "*:*:*:{role}:{password}").map_err(Error::files(&self.file))?;
        self.account
            .map_or(Ok(()), |account| account.own(&self.file))?;
        Ok(password)
    }
}
