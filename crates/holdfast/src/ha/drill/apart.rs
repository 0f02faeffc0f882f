//! Mounts of our own: what is mounted here is seen by what we start and by nobody else, and ends with the last of it.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::Context as _;
use nix::unistd::Uid;

/// Whether a process can have mounts of its own here: root is given, and `unshare` is there and may do it.
pub(super) fn is_possible() -> bool {
    let there = Command::new("unshare").args(["--mount", "true"]).output();
    Uid::effective().is_root() && there.is_ok_and(|told| told.status.success())
}

/// Begins this process anew with mounts of its own, where that is possible; goes on otherwise. The same arguments again, `seed` among
/// them.
///
/// # Errors
/// When it cannot be begun.
pub(super) fn begin_anew(seed: u64) -> anyhow::Result<()> {
    if !is_possible() {
        return Ok(());
    }
    let program = std::env::current_exe()?;
    let mut again = Command::new("unshare");
    again.args(["--mount", "--propagation", "private", "--"]);
    again.arg(program).args(std::env::args_os().skip(1));
    again.arg("--apart");
    if !std::env::args().any(|arg| arg.starts_with("--seed")) {
        again.args(["--seed", &seed.to_string()]);
    }
    // It returns only when it could not.
    Err(again.exec()).context("beginning anew with mounts of our own")
}
