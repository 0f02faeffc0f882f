//! The program pgBackRest, run to its end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::config::STANZA;
use crate::account::{Account, HOME};
use crate::{Error, program, watchdog};

/// The program, as whom it runs, and what it finds around it.
#[derive(Debug)]
pub(crate) struct Tool {
    program: PathBuf,
    account: Option<Account>,
    env: Vec<(OsString, OsString)>,
}

impl Tool {
    pub(super) fn find(
        account: Option<Account>,
        env: Vec<(OsString, OsString)>,
    ) -> Result<Self, Error> {
        let program = program::find("pgbackrest", "apt-get install pgbackrest")?;
        Ok(Self {
            program,
            account,
            env,
        })
    }

    /// Runs it by the settings in `config`; answers what it printed. Dropped, it is killed.
    pub(super) async fn run(&self, config: &Path, args: &[&str]) -> Result<String, Error> {
        let name = "pgbackrest";
        // Orders go before backups, and nothing before a restore.
        let mut command = if args.contains(&"backup") {
            let mut behind = Command::new("nice");
            behind.arg("-n10").arg(&self.program);
            behind
        } else {
            Command::new(&self.program)
        };
        command
            .arg(format!("--config={}", config.display()))
            .arg(format!("--stanza={STANZA}"))
            .args(args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
            command.env("HOME", HOME);
        }
        let child = command.spawn().map_err(Error::run(name))?;
        let _watched = child.id().map(Watched::new);
        let output = child.wait_with_output().await.map_err(Error::run(name))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        let (program, said) = (name.to_owned(), text(&output.stderr));
        Err(Error::Ended { program, said })
    }
}

/// Has a process killed when this one ends, for as long as this value is there.
struct Watched(u32);

impl Watched {
    fn new(pid: u32) -> Self {
        watchdog::kill_at_end(pid);
        Self(pid)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        watchdog::forget(self.0);
    }
}
