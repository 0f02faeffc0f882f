//! Takes leave of processes that lost their parent.
//!
//! Patroni starts its Postgres as nobody's child and counts on the machine's first process to collect it at once when it has
//! ended. In many a container that one takes its time, and for so long Patroni takes the dead for living.

use tokio::task::JoinHandle;

/// Collects orphans below this process, for as long as it is kept.
#[derive(Debug)]
pub(crate) struct Reaper(JoinHandle<()>);

impl Reaper {
    /// Has orphans become children of this process, where the system knows of such a thing, and collects them.
    pub(crate) fn start() -> Self {
        Self(tokio::spawn(imp::reap()))
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::fs;

    use nix::sys::prctl::set_child_subreaper;
    use nix::sys::wait::{WaitPidFlag, waitpid};
    use nix::unistd::{Pid, getpgrp};
    use tokio::time::sleep;

    use crate::process::LOOK;
    use crate::tree;

    pub(super) async fn reap() {
        if let Err(error) = set_child_subreaper(true) {
            tracing::debug!(%error, "dead processes are collected by others");
            return;
        }
        loop {
            for pid in tree::children_of_all_threads() {
                if is_dead_orphan(pid) {
                    // Whoever has ended cannot refuse.
                    let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
                }
            }
            sleep(LOOK).await;
        }
    }

    /// Whoever we started ourselves, and wait for elsewhere, is of our process group or leads one within our session.
    fn is_dead_orphan(pid: Pid) -> bool {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(") ") else {
            return false;
        };
        let words: Vec<&str> = rest.split(' ').collect();
        let number = |at: usize| {
            words
                .get(at)
                .and_then(|word| word.parse().ok())
                .map(Pid::from_raw)
        };
        let (Some(group), Some(session)) = (number(2), number(3)) else {
            return false;
        };
        let ours = nix::unistd::getsid(None).unwrap_or(session);
        words[0] == "Z" && (session != ours || (group != getpgrp() && group != pid))
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    pub(super) async fn reap() {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::tree;

    #[tokio::test]
    async fn an_orphan_is_collected_and_a_child_of_ours_is_left_to_us() {
        let _reaper = Reaper::start();
        let mut ours = Command::new("true").spawn().unwrap();

        // It holds neither of the pipes that `output` reads to their end, so it outlives its parent.
        let told = Command::new("sh")
            .args(["-c", "setsid sleep 60 >/dev/null 2>&1 & echo $!"])
            .output()
            .unwrap();
        let orphan = String::from_utf8(told.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let orphan = Pid::from_raw(orphan);
        assert!(tree::alive(orphan));
        kill(orphan, Signal::SIGKILL).unwrap();

        let end = Instant::now() + Duration::from_secs(30);
        while tree::known(orphan) {
            assert!(Instant::now() < end, "nobody collects {orphan}");
            sleep(Duration::from_millis(10)).await;
        }
        assert!(ours.wait().unwrap().success());
    }
}
