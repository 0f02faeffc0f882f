//! Where the backups of a cluster are kept, and the way there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::config::{self, PUSHED_AFTER};
use super::tool::Tool;
use crate::account::Account;
use crate::postgres::passwords::Passwords;
use crate::{Error, Folder, Node, Tls};

/// What Postgres runs to archive a file of its log.
const SCRIPT: &str = include_str!("archive.sh");

/// Where backups are kept, and the way there.
#[derive(Debug)]
pub(crate) struct Store {
    folder: Folder,
    script: PathBuf,
    pub(super) tool: Tool,
    pub(super) account: Option<Account>,
    pub(super) tls: Option<Tls>,
    pub(super) passwords: Option<Passwords>,
}

impl Store {
    /// Opens the store in `folder` for the cluster whose data is in `data`, where both roles and servers are proven by
    /// `passwords` and `tls`.
    pub(crate) fn open(
        folder: Folder,
        data: &Path,
        account: Option<Account>,
        passwords: Option<Passwords>,
        tls: Option<Tls>,
    ) -> Result<Self, Error> {
        account.map_or(Ok(()), |account| account.own(folder.path()))?;
        let script = data.join("pgbackrest-archive.sh");
        written(&script, SCRIPT, 0o755, account)?;
        // It connects as libpq does, which looks for all that it is not told into its environment.
        let mut env = vec![("PGHOST".into(), "127.0.0.1".into())];
        let owned = |(name, value): (&str, &OsStr)| (name.into(), value.to_owned());
        env.extend(passwords.iter().flat_map(Passwords::env).map(owned));
        env.extend(tls.iter().flat_map(Tls::env).map(owned));
        let tool = Tool::find(account, env)?;
        Ok(Self {
            folder,
            script,
            tool,
            account,
            tls,
            passwords,
        })
    }

    /// Where they are kept.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the Postgres is told that works on `data` and listens on `port`.
    pub(crate) fn parameters(&self, data: &Path, port: u16) -> Result<Map<String, Value>, Error> {
        let config = self.configure(data, port)?;
        let told = [
            ("archive_mode", json!("on")),
            (
                "archive_command",
                json!(config::command(&self.script, &config)),
            ),
            (
                "archive_timeout",
                json!(format!("{}s", PUSHED_AFTER.as_secs())),
            ),
        ];
        let told = told.map(|(name, value)| (name.to_owned(), value));
        Ok(told.into_iter().collect())
    }

    /// Writes the settings for a server, and answers where they are.
    pub(super) fn configure(&self, data: &Path, port: u16) -> Result<PathBuf, Error> {
        let file = settings_of(data);
        let text = config::text(self.folder(), data, port);
        written(&file, &text, 0o644, self.account)?;
        Ok(file)
    }

    /// Has pgBackRest do something on `node`; answers what it prints.
    pub(super) async fn on(&self, node: &Node, args: &[&str]) -> Result<String, Error> {
        self.tool.run(&settings_of(node.data()), args).await
    }
}

/// Where the settings for the server are that works on `data`.
fn settings_of(data: &Path) -> PathBuf {
    data.with_extension("pgbackrest.conf")
}

/// Writes `text` to `path`, for `account`.
pub(super) fn written(
    path: &Path,
    text: &str,
    mode: u32,
    account: Option<Account>,
) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::files(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(Error::files(path))?;
    account.map_or(Ok(()), |account| account.own(path))
}
