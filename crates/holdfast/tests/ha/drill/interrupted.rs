//! A drill that is asked to end while something is broken: all is healed, and every process ends.

use std::fs;
use std::path::Path;
use std::time::Duration;

use holdfast::say;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stack::Folder;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::{Instant, timeout};

use super::{LIMIT, drill};

/// How long it may take to heal and end all of it.
const ENDING: Duration = Duration::from_mins(1);
/// What a shell calls the end by Ctrl-C.
const INTERRUPTED: i32 = 130;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn a_drill_that_is_interrupted_leaves_nothing_behind() {
    interrupted("after it was healed", Signal::SIGINT).await;
}

/// Drills until it says `moment`, and asks it to end by `signal`.
async fn interrupted(moment: &str, signal: Signal) {
    let (report, scratch) = (Folder::scratch().unwrap(), Folder::scratch().unwrap());
    let mut asked = drill(&report, "--minutes 1 --seed 7 --rate 4 --only pause");
    // All that it starts has this in its surroundings.
    let mut running = asked.env("TMPDIR", scratch.path()).spawn().unwrap();
    until_said(&mut running, moment).await;
    let pid = Pid::from_raw(running.id().unwrap().cast_signed());
    let (below, since) = (children(pid), Instant::now());

    kill(pid, signal).unwrap();

    let ended = timeout(ENDING, running.wait()).await;
    let ended = ended.unwrap_or_else(|_| panic!("{moment}: it goes on after {ENDING:?}"));
    assert_eq!(ended.unwrap().code(), Some(INTERRUPTED), "{moment}");
    let took = since.elapsed().as_secs_f64();
    say::line(format_args!(
        "{signal} at `{moment}`: ended after {took:.1} s"
    ));
    // The watchdog ends last, and by itself.
    let gone = async || !below.iter().any(|pid| runs(*pid)) && within(scratch.path()).is_empty();
    crate::open::until("all that it started has ended", gone).await;
}

/// Waits until it says `words`.
async fn until_said(running: &mut Child, words: &str) {
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let said = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains(words) {
                return;
            }
        }
        panic!("it ended without a word of `{words}`");
    };
    timeout(LIMIT, said).await.unwrap();
    // Whatever it says from here on is read, so that it is not held up.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
}

/// All that it has started, and what that has.
fn children(pid: Pid) -> Vec<i32> {
    let mut all = vec![pid.as_raw()];
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        next += 1;
        let tasks = fs::read_dir(format!("/proc/{pid}/task"));
        for task in tasks.into_iter().flatten().flatten() {
            let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let pids = text
                .split_whitespace()
                .filter_map(|word| word.parse::<i32>().ok());
            all.extend(pids);
        }
    }
    all.split_off(1)
}

/// The processes whose temporary folder is `scratch`.
fn within(scratch: &Path) -> Vec<i32> {
    let wanted = format!("TMPDIR={}", scratch.display()).into_bytes();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    let of = |pid: &i32| {
        let surroundings = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        surroundings
            .split(|byte| *byte == 0)
            .any(|one| one == wanted)
            && runs(*pid)
    };
    pids.filter(of).collect()
}

fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}
