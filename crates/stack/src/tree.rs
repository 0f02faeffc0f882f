//! The processes below a process.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Sends `signal` to `root` and to everything below it: from the top when they are to stand still, so that nobody
/// makes new ones meanwhile, and the other way round when they are to go on.
pub(crate) fn signal(root: Pid, signal: Signal) {
    if signal == Signal::SIGCONT {
        below(root)
            .into_iter()
            .rev()
            .for_each(|pid| send(pid, signal));
        return send(root, signal);
    }
    send(root, signal);
    for pid in below(root) {
        send(pid, signal);
    }
}

/// Everything below `root`, parents first.
pub(crate) fn below(root: Pid) -> Vec<Pid> {
    let mut found = children(root);
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children(pid));
        next += 1;
    }
    found
}

/// Whether `pid` is there and not only waiting to be collected.
pub(crate) fn alive(pid: Pid) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z')),
        Err(_) if cfg!(target_os = "linux") => false,
        Err(_) => kill(pid, None).is_ok(),
    }
}

/// Whether the system still knows of `pid`, be it dead.
pub(crate) fn known(pid: Pid) -> bool {
    kill(pid, None).is_ok()
}

fn send(pid: Pid, signal: Signal) {
    // One that is gone already needs no signal.
    let _ = kill(pid, signal);
}

#[cfg(target_os = "linux")]
fn children(pid: Pid) -> Vec<Pid> {
    pids(&fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default())
}

/// The children of this process, whichever of its threads they are counted to.
#[cfg(target_os = "linux")]
pub(crate) fn children_of_all_threads() -> Vec<Pid> {
    let threads = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let read = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children"));
    threads
        .filter_map(|thread| read(thread).ok())
        .flat_map(|words| pids(&words))
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn children(pid: Pid) -> Vec<Pid> {
    let found = std::process::Command::new("pgrep")
        .args(["-P", &pid.to_string()])
        .output();
    pids(
        &found
            .map(|out| String::from_utf8_lossy(&out.stdout).into_owned())
            .unwrap_or_default(),
    )
}

fn pids(words: &str) -> Vec<Pid> {
    words
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .map(Pid::from_raw)
        .collect()
}
