//! What every Redis and every Sentinel of ours is told: a cache, so nothing is kept on disk.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::door::Door;
use crate::{Error, Launch, program};

/// The name by which Sentinels know the primary.
pub(super) const NAME: &str = "holdfast";
/// How many Sentinels have to miss the primary.
const QUORUM: u8 = 2;

/// Said by each of them, on the loopback only.
const SERVER: &str = r#"bind 127.0.0.1
maxmemory 64mb
maxmemory-policy allkeys-lru
save ""
appendonly no
"#;

/// Said by each of a pair. What a replica is sent never touches the disk, so nobody finds it there when they are started again.
/// A primary goes on without its replica: one half of a cache is a cache.
const REPLICATED: &str = "repl-diskless-sync yes
repl-diskless-sync-delay 0
repl-diskless-load swapdb
repl-ping-replica-period 1
repl-timeout 5
min-replicas-to-write 0
replica-announce-ip 127.0.0.1
";

/// Said by each Sentinel: a primary is missed after half a second. A failover that did not end is begun anew after twice its
/// limit; a promotion is noticed after a second, so the limit is not shorter.
const SENTINEL: [(&str, &str); 3] = [
    ("down-after-milliseconds", "500"),
    ("failover-timeout", "2000"),
    ("parallel-syncs", "1"),
];

/// The text for a Redis behind `door` at `port`.
pub(super) fn server(folder: &Path, door: &Door, port: u16) -> String {
    let folder = folder.display();
    format!("{}dir \"{folder}\"\n{SERVER}", door.at(port))
}

/// The text for one of a pair, which is found at `shown` and follows the primary at `follows`, or leads.
pub(super) fn replicated(
    folder: &Path,
    door: &Door,
    port: u16,
    shown: u16,
    follows: Option<u16>,
) -> String {
    let follows = follows.map(|port| format!("replicaof 127.0.0.1 {port}\n"));
    format!(
        "{}{}{REPLICATED}replica-announce-port {shown}\n{}",
        server(folder, door, port),
        door.to_primary(),
        follows.unwrap_or_default()
    )
}

/// The text for a Sentinel behind `door` at `port`, which is told of the primary at `primary`. It adds what it learns.
pub(super) fn sentinel(folder: &Path, door: &Door, port: u16, primary: u16) -> String {
    let settings = SENTINEL.map(|(setting, value)| format!("sentinel {setting} {NAME} {value}\n"));
    format!(
        "{}bind 127.0.0.1\ndir \"{}\"\nsentinel monitor {NAME} 127.0.0.1 {primary} {QUORUM}\n{}{}",
        door.at(port),
        folder.display(),
        settings.concat(),
        door.to_servers()
    )
}

/// Writes `text` down as the configuration of `name`, for nobody else to read: there may be a password in it.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Error> {
    let file = folder.join(format!("{name}.conf"));
    let mut options = OpenOptions::new();
    let opened = options.create(true).write(true).truncate(true).mode(0o600);
    let opened = opened.open(&file);
    opened
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .map_err(Error::files(&file))?;
    Ok(file)
}

/// Runs what `file` says; a Sentinel is the same program.
pub(super) fn launch(file: &Path, sentinel: bool) -> Result<Launch, Error> {
    let hint = "apt-get install redis-server, or brew install redis";
    let program = program::find("redis-server", hint)?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let launch = Launch::new(program, file.with_extension("log")).inside(folder);
    let args = sentinel.then_some("--sentinel");
    Ok(launch.args([&*file.to_string_lossy()]).args(args))
}
