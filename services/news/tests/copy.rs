//! `docs/add-a-service.md` says how this service is copied; here it is done.

#![allow(clippy::unwrap_used, reason = "what does not hold ends the test")]

use std::path::Path;
use std::process::Command;

/// What a copy is made of.
const PARTS: [&str; 10] = [
    ".sqlx",
    "Cargo.lock",
    "Cargo.toml",
    "clippy.toml",
    "crates",
    "deploy",
    "docs",
    "migrations",
    "proto",
    "services",
];

fn run(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{command:?}\n{said}");
    said
}

fn script(root: &Path, name: &str) -> Command {
    let mut script = Command::new("deploy/new-service.sh");
    script.arg(name).current_dir(root);
    script
}

#[test]
fn a_service_copied_by_the_script_builds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let parts = PARTS.map(|part| root.join(part));
    run(Command::new("cp").arg("-R").args(parts).arg(scratch.path()));

    run(&mut script(scratch.path(), "reviews"));

    // With the targets and in the folder that `make lint` checks: what others wrote is checked there already.
    run(Command::new(env!("CARGO"))
        .args([
            "check",
            "--offline",
            "--quiet",
            "--workspace",
            "--all-targets",
        ])
        .env("SQLX_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", root.join("target"))
        .current_dir(scratch.path()));
    let left = Command::new("grep")
        .args([
            "-rniw",
            "news",
            "services/reviews",
            "proto/holdfast/reviews",
            "migrations/reviews",
        ])
        .current_dir(scratch.path())
        .output();
    assert_eq!(String::from_utf8_lossy(&left.unwrap().stdout), "");
}

#[test]
fn a_name_that_cannot_be_one_is_refused_before_anything_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");

    for name in ["", "Reviews", "my-service", "news", "../x", "db"] {
        let refused = script(&root, name).output().unwrap();
        assert!(!refused.status.success(), "{name}");
    }
}
