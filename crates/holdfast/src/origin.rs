//! On what machine this runs, and of what it was built.

use std::fs;
use std::process::Command;

/// The machine in one line: cores, processor, memory, kernel.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = field(&read("/proc/cpuinfo"), "model name");
    let memory = field(&read("/proc/meminfo"), "MemTotal");
    let kernel = read("/proc/sys/kernel/osrelease").trim().to_owned();
    let parts = [
        Some(format!("{cores} cores")),
        processor,
        memory,
        Some(format!("Linux {kernel}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How it was built: `release`, with its level where that was said at the build (`CARGO_PROFILE_RELEASE_OPT_LEVEL`).
pub(crate) fn profile() -> String {
    let told = option_env!("CARGO_PROFILE_RELEASE_OPT_LEVEL");
    match told {
        _ if cfg!(debug_assertions) => "dev".to_owned(),
        Some(level) => format!("release, opt-level {level}"),
        None => "release".to_owned(),
    }
}

/// Of which revision it was built, where that is known.
pub(crate) fn revision() -> Option<String> {
    let folder = env!("CARGO_MANIFEST_DIR");
    let told = Command::new("git")
        .args(["-C", folder, "rev-parse", "--short", "HEAD"])
        .output();
    let known = told.ok().filter(|told| told.status.success())?;
    Some(String::from_utf8_lossy(&known.stdout).trim().to_owned())
}

/// What `text` says behind `name`, in the manner of `/proc`.
pub(crate) fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once([':', '='])?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// The text of a file of `/proc`; none, where there is no such file.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
