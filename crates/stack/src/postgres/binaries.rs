//! Where this machine keeps Postgres, and how its tools are run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::Error;
use crate::account::{Account, HOME};

/// The oldest version that we work with.
const OLDEST: u32 = 15;
/// Where Debian and Homebrew put a version's programs: `{}` is the version.
const PLACES: [&str; 3] = [
    "/usr/lib/postgresql/{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
];

/// The programs of one Postgres version.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Finds the newest version on this machine that is at least 15.
    pub(crate) fn find() -> Result<Self, Error> {
        let versions = (OLDEST..=OLDEST + 15).rev();
        let folders = versions.flat_map(|version| {
            PLACES
                .iter()
                .map(move |place| PathBuf::from(place.replace("{}", &version.to_string())))
        });
        let found = folders
            .filter(|folder| complete(folder))
            .map(|folder| Self { folder })
            .next();
        found.ok_or(Error::Missing {
            program: "Postgres 15 or newer",
            hint: "apt-get install postgresql, or brew install postgresql@17",
        })
    }

    /// Where they all are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of one program.
    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// Runs a tool to its end and answers what it printed.
    pub(crate) async fn run<S: AsRef<OsStr>>(
        &self,
        program: &str,
        account: Option<Account>,
        env: &[(&str, &OsStr)],
        args: impl IntoIterator<Item = S>,
    ) -> Result<String, Error> {
        let mut command = Command::new(self.path(program));
        command
            .args(args)
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        // The account that Postgres runs as may not be let into the folder we stand in.
        command.current_dir("/").env("LC_ALL", "C");
        if let Some(account) = account {
            command.uid(account.uid).gid(account.gid);
            command.env("HOME", HOME);
        }
        let output = command.output().await.map_err(Error::run(program))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .to_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr)
            .trim_end()
            .to_owned();
        Err(Error::Ended {
            program: program.to_owned(),
            said,
        })
    }
}

fn complete(folder: &Path) -> bool {
    ["postgres", "initdb", "pg_basebackup", "psql"]
        .iter()
        .all(|program| fs::exists(folder.join(program)).unwrap_or(false))
}
