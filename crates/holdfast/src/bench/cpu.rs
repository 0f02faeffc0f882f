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

/// The same of several.
pub(crate) fn all(roots: &[u32]) -> Duration {
    roots.iter().map(|root| used(*root)).sum()
}

/// The CPU that this process alone has used so far.
pub(crate) fn own() -> Duration {
    let line = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = fields(&line).and_then(|fields| Some(number(&fields, 11)? + number(&fields, 12)?));
    TICK * u32::try_from(ticks.unwrap_or_default()).unwrap_or(u32::MAX)
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
    let fields = fields(&line)?;
    // utime, stime, and the same two of children that ended.
    let ticks = (11..=14).map(|index| number(&fields, index));
    Some(Stat {
        parent: u32::try_from(number(&fields, 1)?).ok()?,
        ticks: ticks.sum::<Option<u64>>()?,
    })
}

/// The name stands in parentheses and may hold anything, so the fields are counted from its end.
fn fields(line: &str) -> Option<Vec<&str>> {
    Some(line.rsplit_once(')')?.1.split_whitespace().collect())
}

fn number(fields: &[&str], index: usize) -> Option<u64> {
    fields.get(index)?.parse().ok()
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
