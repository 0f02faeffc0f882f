//! A highly available shop of which nothing stays: for one test, or one drill.

use std::path::PathBuf;
use std::sync::Arc;

use drill::Door;
use stack::{Folder, free_port};

use super::{Shop, Wanted};
use crate::certs::{self, authority_of};

/// A key that protects nothing.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
/// By which its services know each other.
pub const TOKEN: &str = "a token for tests only";

/// Limits that nobody meets: all who load it come from one address.
pub const RATES: [(&str, &str); 3] = [
    ("RATE_ADDRESS", "1000000/1m"),
    ("RATE_ACCOUNT", "1000000/1m"),
    ("RATE_SIGN_IN", "1000000/1m"),
];

/// With what it is opened.
#[derive(Debug)]
pub struct Given {
    /// The program `holdfast`.
    pub program: PathBuf,
    /// Where its database keeps its data.
    pub folder: Folder,
    /// Where its backups are kept.
    pub backups: Folder,
    /// Where its services log to.
    pub logs: Folder,
    /// Settings of every service.
    pub settings: Vec<(String, String)>,
    /// Settings of one instance alone, by its name.
    pub own: Vec<(String, (String, String))>,
}

/// It, open.
#[derive(Debug)]
pub struct Scratch {
    /// What runs.
    pub running: Arc<Shop>,
    /// Its front doors.
    pub fronts: Vec<Door>,
    /// Where its services log to.
    pub logs: Folder,
    /// Its certificates.
    pub certs: Folder,
}

impl Given {
    /// The same as always, run by `program`.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn by(program: impl Into<PathBuf>) -> Result<Self, stack::Error> {
        Ok(Self {
            program: program.into(),
            folder: Folder::scratch()?,
            backups: Folder::scratch()?,
            logs: Folder::scratch()?,
            settings: Vec::new(),
            own: Vec::new(),
        })
    }
}

impl Scratch {
    /// Opens one, at free ports.
    ///
    /// # Errors
    /// When something that it needs is missing or does not come up.
    pub async fn open(given: Given) -> anyhow::Result<Self> {
        let certs = Folder::scratch()?;
        certify(&certs)?;
        let ports = [free_port()?, free_port()?];
        let shared = [
            ("MASTER_KEY", KEY),
            ("SERVICE_TOKEN", TOKEN),
            ("LOG", "warn"),
        ];
        let shared = shared.into_iter().chain(RATES);
        let shared = shared.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let wanted = Wanted {
            folder: given.folder,
            kept: false,
            logs: given.logs.path().to_owned(),
            program: given.program,
            fronts: ports,
            settings: shared.chain(given.settings).collect(),
            own: given.own,
            certs: certs.path().to_owned(),
            backups: given.backups,
        };
        let running = Arc::new(Shop::open(wanted).await?);
        let authority = authority_of(certs.path());
        let front = |port| Door::certified(format!("https://127.0.0.1:{port}"), &authority);
        let fronts: anyhow::Result<Vec<Door>> = ports.into_iter().map(front).collect();
        Ok(Self {
            running,
            fronts: fronts?,
            logs: given.logs,
            certs,
        })
    }

    /// Makes every certificate anew, as `holdfast certs` does.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn certify(&self) -> anyhow::Result<()> {
        certify(&self.certs)
    }
}

fn certify(folder: &Folder) -> anyhow::Result<()> {
    certs::write(
        folder.path(),
        &["localhost", "127.0.0.1"].map(str::to_owned),
    )
}
