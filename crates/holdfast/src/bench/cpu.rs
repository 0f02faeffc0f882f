//! How much CPU a process and all its descendants have used.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

/// One tick of `/proc/*/stat`: `USER_HZ`, which Linux has kept at 100 for every program.
const TICK: Duration = Duration::from_millis(10);

/// What one line of `/proc/PID/stat` says.
struct Stat {
    parent: u32,
    ticks: u64,
}

/// The CPU that the process `root` and its descendants have used so far, those that ended too.
pub(crate) fn used(root: u32) -> Duration {
    let all = processes();
    let ticks: u64 = all
        .iter()
        .filter(|(pid, _)| descends(&all, **pid, root))
        .map(|(_, stat)| stat.ticks)
        .sum();
    TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
}

fn processes() -> HashMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return HashMap::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, stat(pid)?))).collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything, so the fields are counted from its end.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    // utime, stime, and the same two of children that ended.
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        ticks,
    })
}

fn descends(all: &HashMap<u32, Stat>, pid: u32, root: u32) -> bool {
    let mut at = pid;
    while at != root {
        match all.get(&at) {
            Some(stat) if stat.parent != 0 => at = stat.parent,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_done_shows_as_cpu_used() {
        let before = used(std::process::id());

        let mut sum = 0_u64;
        while used(std::process::id()) < before + Duration::from_millis(50) {
            sum = (0..1_000_000_u64).fold(sum, |sum, n| sum ^ n.wrapping_mul(sum | 1));
        }

        assert!(std::hint::black_box(sum) != 1);
    }
}
