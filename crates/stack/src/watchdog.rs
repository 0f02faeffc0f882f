//! A small shell that outlives us just long enough to end what we started.
//!
//! A signal on the parent's death would be tied to the thread that started the child, and exists on Linux only.
//! The end of a pipe comes everywhere, whatever the parent died of.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Our end of its pipe. Never closed by us: the end of this process closes it.
static PIPE: LazyLock<Mutex<Option<ChildStdin>>> = LazyLock::new(|| Mutex::new(start()));

/// Has `pid` killed, and all below it, when this process ends.
pub(crate) fn kill_at_end(pid: u32) {
    tell("started", &pid.to_string());
}

/// Lets go of `pid`, which has ended.
pub(crate) fn forget(pid: u32) {
    tell("ended", &pid.to_string());
}

/// Has every Postgres program that works on the data folder `path` killed when this process ends: Patroni starts them, and
/// does not keep them among its children.
pub(crate) fn clear_at_end(path: &Path) {
    tell("data", &path.to_string_lossy());
}

/// Has `path` removed when this process ends.
pub(crate) fn remove_at_end(path: &Path) {
    tell("folder", &path.to_string_lossy());
}

fn tell(word: &str, what: &str) {
    let mut pipe = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
    let told = pipe.as_mut().map(|pipe| writeln!(pipe, "{word} {what}"));
    if !matches!(told, Some(Ok(()))) {
        tracing::warn!(word, what, "the watchdog is gone: this may be left behind");
    }
}

/// Starts it in a process group of its own, so that neither Ctrl-C nor a killed group takes it along.
fn start() -> Option<ChildStdin> {
    let shell = Command::new("/bin/sh")
        .args(["-c", include_str!("watchdog.sh"), "holdfast-watchdog"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    shell.ok().and_then(|mut shell| shell.stdin.take())
}
