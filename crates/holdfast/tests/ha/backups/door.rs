//! The command line, at a shop of one test's own.

use std::process::Stdio;

use holdfast::ha::{self, Control};
use holdfast::home::{Home, Tenancy};
use stack::Folder;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::open::{Shop, until};

/// The door of a shop, for the command line.
pub(crate) struct Door {
    folder: Folder,
    control: Control,
    _tenancy: Tenancy,
}

impl Door {
    pub(crate) fn of(shop: &Shop) -> Self {
        let folder = Folder::scratch().unwrap();
        let home = Home::at(folder.path());
        let tenancy = home.move_in(shop.fronts[0].url()).unwrap();
        let control = ha::listen(&home, shop.running.clone()).unwrap();
        Self {
            folder,
            control,
            _tenancy: tenancy,
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
        command.arg("--home").arg(self.folder.path()).args(words);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Says `words`; answers what is printed.
    pub(crate) async fn say(&self, words: &[&str]) -> String {
        let output = self.command(words).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert!(
            output.status.success(),
            "{words:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Says `words`; answers whether that was not in vain.
    pub(crate) async fn said(&self, words: &[&str]) -> bool {
        let output = self.command(words).output().await.unwrap();
        output.status.success()
    }

    /// Says `words`, in vain; answers why.
    pub(crate) async fn say_in_vain(&self, words: &[&str]) -> String {
        let output = self.command(words).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert!(
            !output.status.success(),
            "{words:?}: {}",
            text(&output.stdout)
        );
        text(&output.stderr)
    }

    /// Says `words`, and leaves the program running.
    pub(crate) fn begin(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn close(self) {
        self.control.end();
    }
}

/// What stands between quotes in the first line that a program prints in which something does.
pub(crate) async fn quoted(program: &mut Child) -> String {
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(found) = line.split('\'').nth(1) {
            return found.to_owned();
        }
    }
}

/// Waits until no restored server is left, no file and no process of it.
pub(crate) async fn nothing_left(shop: &Shop) {
    let folder = shop.running.cluster().folder().to_owned();
    let name = format!("{}/restored-", folder.display());
    until("nothing is left of a restored server", async || {
        let found = Command::new("pgrep").args(["-f", &name]).output().await;
        let entries = std::fs::read_dir(&folder).unwrap().flatten();
        let left = |entry: &std::fs::DirEntry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with("restored-")
        };
        found.unwrap().stdout.is_empty() && !entries.into_iter().any(|entry| left(&entry))
    })
    .await;
}

/// Whether anything of a restored server is there.
pub(crate) fn something_there(shop: &Shop) -> bool {
    let entries = std::fs::read_dir(shop.running.cluster().folder()).unwrap();
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("restored-"))
}
