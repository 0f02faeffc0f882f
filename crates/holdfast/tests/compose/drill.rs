//! The drill over containers, as the command line has it: a brief one, and one that is interrupted while something is broken.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use holdfast::compose::{Project, listed, run, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use stack::Folder;
use tokio::process::Command;
use tokio::time::timeout;

/// How long any of them may take.
const LIMIT: Duration = Duration::from_mins(10);
/// What a drill makes, by its name and its label.
const NAME: &str = "holdfast-drill";
const MINE: &str = "label=com.docker.compose.project=holdfast-drill";
/// What a shell calls the end by Ctrl-C.
const INTERRUPTED: i32 = 130;

/// `holdfast drill --against compose` with `words`, its report in `folder`.
fn drill(folder: &Folder, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command
        .args(["drill", "--against", "compose", "--minutes", "1"])
        .args(["--seed", "7", "--rate", "4", "--only", words])
        .arg("--report")
        .arg(folder.path());
    command.stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// What is there of it.
fn left() -> Vec<String> {
    let kinds = [["ps", "--all"], ["network", "ls"], ["volume", "ls"]];
    kinds.iter().flat_map(|words| listed(words, MINE)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker engine: make test-compose ALL=1"]
async fn a_brief_drill_of_containers_passes_reports_and_leaves_nothing() {
    let folder = Folder::scratch().unwrap();
    let _swept = Project::new(NAME);

    let told = timeout(LIMIT, drill(&folder, "kill,dropped-caches,delay").output())
        .await
        .unwrap()
        .unwrap();

    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{said}");
    assert_eq!(left(), [""; 0]);
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["against"], serde_json::json!([]));
    assert!(report["totals"]["acknowledged"].as_u64() > Some(20));
    assert!(report["rounds"].as_array().unwrap().len() >= 2, "{said}");
    assert_eq!(report["not_run"][0][0], "delay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker engine: make test-compose ALL=1"]
async fn a_drill_of_containers_that_is_interrupted_leaves_nothing() {
    let folder = Folder::scratch().unwrap();
    let _swept = Project::new(NAME);
    let mut running = drill(&folder, "pause").spawn().unwrap();
    let pid = Pid::from_raw(running.id().unwrap().cast_signed());
    until("something is frozen", async || {
        let frozen = ["docker", "ps", "-q", "--filter", MINE, "--filter"];
        let frozen = run(&[&frozen[..], &["status=paused"]].concat()).await;
        frozen.is_ok_and(|ids| !ids.is_empty())
    })
    .await
    .unwrap();

    kill(pid, Signal::SIGINT).unwrap();

    let ended = timeout(LIMIT, running.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(INTERRUPTED));
    assert_eq!(left(), [""; 0]);
}
