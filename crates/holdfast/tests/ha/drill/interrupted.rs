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

/// When it is asked to end.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// Once it has said this.
    Said(&'static str),
    /// While something stands still that it has paused.
    Broken,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn a_drill_that_is_interrupted_leaves_nothing_behind() {
    // One after the other in the same place: each starts on what the one before it left there.
    let scratch = Folder::scratch().unwrap();
    for (moment, signal) in [
        (Moment::Said("Opening"), Signal::SIGTERM),
        (Moment::Said("etcd x3"), Signal::SIGINT),
        (Moment::Said("services, two of each"), Signal::SIGTERM),
        (Moment::Broken, Signal::SIGINT),
        (Moment::Said("after it was healed"), Signal::SIGINT),
    ] {
        interrupted(&scratch, moment, signal).await;
    }
}

/// Drills in `scratch` until `moment`, and asks it to end by `signal`.
async fn interrupted(scratch: &Folder, moment: Moment, signal: Signal) {
    let report = Folder::scratch().unwrap();
    let mut asked = drill(&report, "--minutes 1 --seed 7 --rate 4 --only pause");
    // All that it starts has this in its surroundings.
    let mut running = asked.env("TMPDIR", scratch.path()).spawn().unwrap();
    let pid = Pid::from_raw(running.id().unwrap().cast_signed());
    match moment {
        Moment::Said(words) => until_said(&mut running, words).await,
        Moment::Broken => {
            until_said(&mut running, "services, two of each").await;
            let paused = async || children(pid).iter().any(|pid| state(*pid) == Some('T'));
            crate::open::until("something stands still", paused).await;
        }
    }
    let (below, since) = (children(pid), Instant::now());

    kill(pid, signal).unwrap();

    let ended = timeout(ENDING, running.wait()).await;
    let ended = ended.unwrap_or_else(|_| panic!("{moment:?}: it goes on after {ENDING:?}"));
    assert_eq!(ended.unwrap().code(), Some(INTERRUPTED), "{moment:?}");
    let took = since.elapsed().as_secs_f64();
    say::line(format_args!(
        "{signal} at {moment:?}: ended after {took:.1} s"
    ));
    // The watchdog ends last, and by itself.
    let gone = async || !below.iter().any(|pid| runs(*pid)) && within(scratch.path()).is_empty();
    crate::open::until("all that it started has ended", gone).await;
    assert_eq!(left(scratch.path()), [""; 0], "{moment:?}");
}

/// What is left in the temporary folder, but for the book of ports, which all shops of a machine share.
fn left(scratch: &Path) -> Vec<String> {
    let names = fs::read_dir(scratch).unwrap().flatten();
    let names = names.map(|entry| entry.file_name().display().to_string());
    names.filter(|name| name != "holdfast-ports").collect()
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
    state(pid).is_some_and(|state| state != 'Z')
}

/// As the system tells it, by a letter; nothing of one that is gone.
fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.trim_start().chars().next()
}
