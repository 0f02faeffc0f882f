//! The door by which other terminals speak to the running shop: a socket in its folder, one line each way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Deed, Shop, doctor, status};
use crate::home::Home;

/// How long the shop may take to do what it is asked; eight instances of a service take longest.
const LIMIT: Duration = Duration::from_mins(3);
/// What an answer begins with that tells of a failure.
const FAILED: &str = "failed: ";

/// Listens, for as long as it is kept.
#[derive(Debug)]
pub(super) struct Control {
    task: JoinHandle<()>,
    path: PathBuf,
}

impl Control {
    /// Listens no more.
    pub(super) fn end(self) {
        self.task.abort();
        // Gone already, if somebody has removed the folder.
        let _ = fs::remove_file(self.path);
    }
}

/// Does what others ask of `shop`.
pub(super) fn listen(home: &Home, shop: Arc<Shop>) -> anyhow::Result<Control> {
    let path = socket(home);
    // Left behind by one that was killed: whoever runs the shop of this folder is alone.
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("{} (a socket's path has at most 107 bytes)", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let task = tokio::spawn(async move {
        while let Ok((wire, _)) = listener.accept().await {
            tokio::spawn(timeout(LIMIT, answer(wire, shop.clone())));
        }
    });
    Ok(Control { task, path })
}

/// Asks the running shop of `home`, and answers what it says.
///
/// # Errors
/// When none runs, or it could not do what was asked.
pub async fn ask(home: &Home, words: &str) -> anyhow::Result<String> {
    let wire = UnixStream::connect(socket(home)).await;
    let mut wire = wire.context("no highly available shop is open here; `make ha` opens one")?;
    wire.write_all(format!("{words}\n").as_bytes()).await?;
    let mut said = String::new();
    timeout(LIMIT, wire.read_to_string(&mut said))
        .await
        .context("the shop does not answer")??;
    match said.strip_prefix(FAILED) {
        Some(why) => bail!("{why}"),
        None => Ok(said),
    }
}

async fn answer(mut wire: UnixStream, shop: Arc<Shop>) {
    let mut words = String::new();
    let read = BufReader::new(&mut wire).read_line(&mut words).await;
    let said = match (read.is_ok(), words.trim()) {
        (false, _) => return,
        (_, "status") => Ok(status::table(&shop).await),
        (_, "doctor") => Ok(doctor::examine(&shop).await),
        (_, words) => match Deed::read(words) {
            Some(deed) => shop.act(&deed).await,
            None => Err(anyhow::anyhow!("`{words}` is nothing that can be done")),
        },
    };
    let said = said.unwrap_or_else(|error| format!("{FAILED}{error:#}"));
    // Whoever asked may have gone.
    let _ = wire.write_all(said.as_bytes()).await;
}

fn socket(home: &Home) -> PathBuf {
    home.path().join("ha/control")
}
