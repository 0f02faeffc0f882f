//! The drill, as the command line has it: a short one, one that is interrupted, and some with a mistake planted.

mod planted;

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use stack::Folder;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long any of them may take.
const LIMIT: Duration = Duration::from_mins(6);

/// `holdfast drill` with `words`, its report in `folder`.
fn drill(folder: &Folder, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command
        .arg("drill")
        .args(words.split(' '))
        .arg("--report")
        .arg(folder.path());
    command.stdout(Stdio::piped()).kill_on_drop(true);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni, and an optimized build: make test-drill"]
async fn a_brief_drill_passes_and_reports() {
    let folder = Folder::scratch().unwrap();
    let words = "--minutes 1 --seed 7 --rate 6 --only kill,dropped-caches,one-way";

    let told = timeout(LIMIT, drill(&folder, words).output())
        .await
        .unwrap()
        .unwrap();

    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "{said}");
    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(report["against"], serde_json::json!([]));
    assert!(report["totals"]["acknowledged"].as_u64() > Some(30));
    assert!(report["rounds"].as_array().unwrap().len() >= 3, "{said}");
    assert!(read("index.html").contains(">PASS<"));
    assert!(read("history.jsonl").lines().count() > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni, and an optimized build: make test-drill"]
async fn a_drill_that_is_interrupted_leaves_nothing_behind() {
    let folder = Folder::scratch().unwrap();
    let words = "--minutes 5 --seed 7 --rate 4 --only pause,cut";
    let mut running = drill(&folder, words).spawn().unwrap();
    until_struck(&mut running).await;
    let pid = Pid::from_raw(running.id().unwrap().cast_signed());
    let below = children(pid);
    assert!(!below.is_empty());

    kill(pid, Signal::SIGINT).unwrap();

    let ended = timeout(LIMIT, running.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(130));
    // The watchdog ends last, and by itself.
    let gone = async || !below.iter().any(|pid| runs(*pid));
    crate::open::until("all that it started has ended", gone).await;
}

/// Waits until the first round is over: the second has begun then.
async fn until_struck(running: &mut Child) {
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let struck = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("after it was healed") {
                break;
            }
        }
    };
    timeout(LIMIT, struck).await.unwrap();
    // Whatever it says from here on is read, so that it is not held up.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
}

fn children(pid: Pid) -> Vec<i32> {
    let mut all = vec![pid.as_raw()];
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        next += 1;
        for task in std::fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let text = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            all.extend(
                text.split_whitespace()
                    .filter_map(|word| word.parse::<i32>().ok()),
            );
        }
    }
    all.split_off(1)
}

fn runs(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}
