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

use super::backup::Place;
use super::{Deed, Errand, Shop, doctor, status};
use crate::home::Home;

/// How long the shop may take to do what it is asked; eight instances of a service take longest.
const LIMIT: Duration = Duration::from_mins(3);
/// How long an errand to the backups may take: a large shop is copied in hours.
const LONG: Duration = Duration::from_hours(12);
/// What an answer begins with that tells of a failure.
const FAILED: &str = "failed: ";

/// Listens, for as long as it is kept.
#[derive(Debug)]
pub struct Control {
    task: JoinHandle<()>,
    path: PathBuf,
}

impl Control {
    /// Listens no more.
    pub fn end(self) {
        self.task.abort();
        // Gone already, if somebody has removed the folder.
        let _ = fs::remove_file(self.path);
    }
}

/// Does what others ask of `shop`, at a socket in the folder of `home`.
///
/// # Errors
/// When the socket cannot be made.
pub fn listen(home: &Home, shop: Arc<Shop>) -> anyhow::Result<Control> {
    let path = socket(home);
    let folder = path.parent().context("a folder for the socket")?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    // Left behind by one that was killed: whoever runs the shop of this folder is alone.
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("{} (a socket's path has at most 107 bytes)", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let task = tokio::spawn(async move {
        while let Ok((wire, _)) = listener.accept().await {
            tokio::spawn(answer(wire, shop.clone()));
        }
    });
    Ok(Control { task, path })
}

/// Asks the running shop of `home`, and answers what it says.
///
/// # Errors
/// When none runs, or it could not do what was asked.
pub async fn ask(home: &Home, words: &str) -> anyhow::Result<String> {
    said(home, words, LIMIT).await.map(|(said, _)| said)
}

/// Has the running shop of `home` do `errand`; answers what it says, and the line over which it was asked. What was restored
/// for this is there for as long as that is kept open.
///
/// # Errors
/// As [`ask`].
pub async fn ask_and_wait(home: &Home, errand: &Errand) -> anyhow::Result<(String, UnixStream)> {
    said(home, &errand.words(), LONG).await
}

async fn said(home: &Home, words: &str, limit: Duration) -> anyhow::Result<(String, UnixStream)> {
    let wire = UnixStream::connect(socket(home)).await;
    let mut wire = wire.context("no highly available shop is open here; `make ha` opens one")?;
    wire.write_all(format!("{words}\n").as_bytes()).await?;
    let mut said = String::new();
    timeout(limit, wire.read_to_string(&mut said))
        .await
        .context("the shop does not answer")??;
    match said.strip_prefix(FAILED) {
        Some(why) => bail!("{why}"),
        None => Ok((said, wire)),
    }
}

async fn answer(wire: UnixStream, shop: Arc<Shop>) {
    let (read, mut write) = wire.into_split();
    let (mut read, mut words) = (BufReader::new(read), String::new());
    if timeout(LIMIT, read.read_line(&mut words)).await.is_err() {
        return;
    }
    let done = tokio::select! {
        done = within_limit(&shop, words.trim()) => done,
        // Whoever asked has gone: nobody waits for it any more.
        () = gone(&mut read) => return,
    };
    let (said, held) = match done {
        Ok((said, held)) => (said, held),
        Err(error) => (format!("{FAILED}{error:#}"), Place::Kept),
    };
    // Whoever asked may go at any time.
    let _ = write.write_all(said.as_bytes()).await;
    let _ = write.shutdown().await;
    if let Place::Held(restored) = held {
        gone(&mut read).await;
        restored.remove().await;
    }
}

async fn within_limit(shop: &Shop, words: &str) -> anyhow::Result<(String, Place)> {
    match Errand::read(words) {
        Some(errand) => timeout(LONG, run(shop, &errand)).await,
        None => timeout(LIMIT, done(shop, words))
            .await
            .map(|said| Ok((said?, Place::Kept))),
    }
    .context("it took too long")?
}

async fn done(shop: &Shop, words: &str) -> anyhow::Result<String> {
    match words {
        "status" => Ok(status::table(shop).await),
        "doctor" => Ok(doctor::examine(shop).await),
        _ => match Deed::read(words) {
            Some(deed) => shop.act(&deed).await,
            None => bail!("`{words}` is nothing that can be done"),
        },
    }
}

async fn run(shop: &Shop, errand: &Errand) -> anyhow::Result<(String, Place)> {
    let said = match errand {
        Errand::Restore { to, keep } => return shop.restore(to, *keep).await,
        Errand::Take { full } => shop.back_up(*full).await?,
        Errand::List => shop.list_backups().await?,
        Errand::Verify => shop.verify_backup().await?,
        Errand::End if shop.desk.clear().await => "The restored server is gone".to_owned(),
        Errand::End => "No restored server was kept".to_owned(),
    };
    Ok((said, Place::Kept))
}

/// Waits until whoever is at the other end has gone.
async fn gone(read: &mut (impl tokio::io::AsyncRead + Unpin)) {
    // They say nothing more; what they say is not meant for anybody.
    while read.read_u8().await.is_ok() {}
}

fn socket(home: &Home) -> PathBuf {
    home.path().join("ha/control")
}
