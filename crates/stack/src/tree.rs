//! The processes below a process.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Sends `signal` to `root` and to everything below it: from the top when they are to stand still or die, so that
/// nobody makes new ones meanwhile, and the other way round when they are to go on.
pub(crate) fn signal(root: Pid, signal: Signal) {
    if signal == Signal::SIGCONT {
        below(root)
            .into_iter()
            .rev()
            .for_each(|pid| send(pid, signal));
        return send(root, signal);
    }
    // Who stood below is asked before: the dead have no children, those have become somebody else's. And after, for
    // those made in between.
    let before = below(root);
    send(root, signal);
    for pid in before.into_iter().chain(below(root)) {
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

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::process::Command;
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::process::LOOK;

    const LIMIT: Duration = Duration::from_secs(20);
    const ROUNDS: usize = 20;

    /// A frozen tree that is killed must die whole: a stopped postgres process that is left holds the shared memory of
    /// its node, which then cannot start.
    #[tokio::test]
    async fn a_frozen_tree_dies_whole() -> Result<(), Box<dyn Error>> {
        for round in 0..ROUNDS {
            let mut root = Command::new("sh")
                .args(["-c", "for _ in 1 2 3; do setsid sleep 60 & done; wait"])
                .spawn()?;
            let pid = Pid::from_raw(root.id().try_into()?);
            until(|| below(pid).len() == 3).await?;
            let children = below(pid);
            signal(pid, Signal::SIGSTOP);
            signal(pid, Signal::SIGKILL);
            let gone = until(|| !children.iter().any(|child| alive(*child))).await;
            for child in children {
                send(child, Signal::SIGKILL);
            }
            root.wait()?;
            assert!(gone.is_ok(), "round {round}: a child outlived its root");
        }
        Ok(())
    }

    async fn until(so: impl Fn() -> bool) -> Result<(), tokio::time::error::Elapsed> {
        let wait = async {
            while !so() {
                sleep(LOOK).await;
            }
        };
        timeout(LIMIT, wait).await
    }
}
