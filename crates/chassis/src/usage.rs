//! What this process uses, as Linux tells it; nothing on others.

/// How many bytes a page has.
const PAGE: u64 = 4096;
/// How many ticks a second has, wherever Linux tells of time in ticks.
const TICKS: u64 = 100;

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Processor time since its start.
    pub(crate) cpu_millis: u64,
    /// Resident memory.
    pub(crate) memory_bytes: u64,
}

/// What this process uses now.
pub(crate) fn now() -> Usage {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}"));
    Usage {
        cpu_millis: read("stat").ok().and_then(|text| cpu(&text)).unwrap_or(0),
        memory_bytes: read("statm")
            .ok()
            .and_then(|text| memory(&text))
            .unwrap_or(0),
    }
}

/// The fields of `stat` begin behind the name, which may hold anything; time in user mode and in the kernel are the twelfth and
/// thirteenth of them.
fn cpu(stat: &str) -> Option<u64> {
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    let ticks = fields.skip(11).take(2).map(str::parse::<u64>);
    let ticks = ticks.sum::<Result<u64, _>>().ok();
    Some(ticks? * 1000 / TICKS)
}

fn memory(statm: &str) -> Option<u64> {
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_moves_no_field() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 99 1 2";

        assert_eq!(cpu(stat), Some(3_000));
        assert_eq!(memory("5000 100 10 1 0 90 0"), Some(409_600));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory() {
        assert!(now().memory_bytes > PAGE);
    }
}
