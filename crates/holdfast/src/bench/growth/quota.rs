//! How much processor time a process may have: a quota that the kernel enforces, by control groups of either version.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::origin;

/// In how many microseconds a process may use up its share: short, so that it stands still briefly.
const PERIOD: u64 = 20_000;
/// The kernel refuses less, in microseconds.
const LEAST: u64 = 1_000;

/// Why there can be none.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Nothing in `/proc/mounts` says that control groups can count processor time.
    #[error("no control groups of this machine bound processor time")]
    Unknown,
    /// They are there, and not ours to make.
    #[error("{0}: {1}")]
    NotOurs(String, #[source] io::Error),
}

/// A quota that a process has, for as long as this lives.
#[derive(Debug)]
pub(super) struct Quota {
    group: PathBuf,
    root: PathBuf,
}

/// Where control groups are, and how they are told.
#[derive(Debug, PartialEq, Eq)]
struct Groups {
    root: PathBuf,
    second: bool,
}

impl Quota {
    /// Lets the process `pid` have `percent` of one core, and no more.
    ///
    /// # Errors
    /// When this machine does not allow it.
    pub(super) fn set(pid: u32, percent: u32) -> Result<Self, Refused> {
        let groups = Groups::read(&origin::read("/proc/mounts")).ok_or(Refused::Unknown)?;
        let quota = Self {
            group: groups.new_group()?,
            root: groups.root,
        };
        let micros = (PERIOD * u64::from(percent) / 100).max(LEAST);
        if groups.second {
            quota.write("cpu.max", &format!("{micros} {PERIOD}"))?;
        } else {
            quota.write("cpu.cfs_period_us", &PERIOD.to_string())?;
            quota.write("cpu.cfs_quota_us", &micros.to_string())?;
        }
        quota.write("cgroup.procs", &pid.to_string())?;
        Ok(quota)
    }

    /// Says whether this machine allows any.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn possible() -> Result<(), Refused> {
        let groups = Groups::read(&origin::read("/proc/mounts")).ok_or(Refused::Unknown)?;
        let group = groups.new_group()?;
        let bound = if groups.second {
            "cpu.max"
        } else {
            "cpu.cfs_quota_us"
        };
        let known = group.join(bound).exists();
        let _ = fs::remove_dir(group);
        known.then_some(()).ok_or(Refused::Unknown)
    }

    fn write(&self, file: &str, text: &str) -> Result<(), Refused> {
        let path = self.group.join(file);
        fs::write(&path, text).map_err(|error| refused(&path, error))
    }
}

fn refused(path: &Path, error: io::Error) -> Refused {
    Refused::NotOurs(path.display().to_string(), error)
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A group can be taken away only when nobody is in it.
        let inside = fs::read_to_string(self.group.join("cgroup.procs")).unwrap_or_default();
        for pid in inside.lines() {
            let _ = fs::write(self.root.join("cgroup.procs"), pid);
        }
        let _ = fs::remove_dir(&self.group);
    }
}

impl Groups {
    /// Makes a group with nobody in it.
    fn new_group(&self) -> Result<PathBuf, Refused> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("holdfast-bench-{}-{number}", std::process::id());
        let group = self.root.join(name);
        fs::create_dir(&group).map_err(|error| refused(&group, error))?;
        Ok(group)
    }

    /// Finds those that bound processor time among all that is mounted.
    fn read(mounts: &str) -> Option<Self> {
        let found = mounts.lines().filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            let (root, kind, options) = (words.next()?, words.next()?, words.next()?);
            let first = kind == "cgroup" && options.split(',').any(|option| option == "cpu");
            let second = kind == "cgroup2";
            (first || second).then(|| Self {
                root: root.into(),
                second,
            })
        });
        let all: Vec<Self> = found.collect();
        // Where both are mounted, processor time is with the first.
        let first = all.iter().position(|groups| !groups.second).unwrap_or(0);
        all.into_iter().nth(first)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::bench::cpu;

    #[test]
    fn control_groups_are_found_in_either_version() {
        let second = "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n";
        let both = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n\
            cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0\n\
            cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n";
        let at = |root: &str, second| {
            let root = root.into();
            Some(Groups { root, second })
        };

        assert_eq!(Groups::read(second), at("/sys/fs/cgroup", true));
        assert_eq!(Groups::read(both), at("/sys/fs/cgroup/cpu,cpuacct", false));
        assert_eq!(Groups::read("proc /proc proc rw 0 0\n"), None);
    }

    #[test]
    fn who_has_a_tenth_of_a_core_gets_no_more() {
        let mut busy = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .spawn()
            .unwrap();

        let quota = Quota::set(busy.id(), 10);
        let (begun, before) = (Instant::now(), cpu::used(busy.id()));
        while begun.elapsed() < Duration::from_secs(1) {
            std::thread::yield_now();
        }
        let used = cpu::used(busy.id()).saturating_sub(before);
        busy.kill().unwrap();
        busy.wait().unwrap();

        match quota {
            Ok(quota) => {
                let group = quota.group.clone();
                drop(quota);
                assert!(used <= Duration::from_millis(200), "{used:?}");
                assert!(!group.exists());
            }
            // Not everybody may bound others.
            Err(refused) => crate::say::wrong(format_args!("no quota here: {refused}")),
        }
    }
}
