//! What the README says can be done, done: a shop is opened, ordered from, broken and closed.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

#[cfg(target_os = "linux")]
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use stack::{Folder, free_port};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// Longer than opening a shop takes on a busy machine.
const LIMIT: Duration = Duration::from_mins(3);

/// A shop as `make up` opens it, in a folder of its own.
struct Opened {
    process: Child,
    folder: Folder,
    port: u16,
}

impl Opened {
    async fn new() -> Self {
        let (folder, port) = (Folder::scratch().unwrap(), free_port().unwrap());
        let process = open(folder.path(), port).await;
        Self {
            process,
            folder,
            port,
        }
    }

    /// Runs `script` where the README would have it run.
    async fn run(&self, script: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-euc", script]).current_dir(self.folder.path());
        shell.env("URL", format!("http://localhost:{}", self.port));
        text(timeout(LIMIT, shell.output()).await.unwrap().unwrap())
    }

    /// Orders as the README says, and again with the same key while the order is pending, as it may be on a busy machine.
    async fn order(&self) -> String {
        let (lines, end) = (&commands("Order")[0], Instant::now() + LIMIT);
        loop {
            let ordered = self.run(lines).await;
            if ordered.contains("\"confirmed\"") {
                return ordered;
            }
            assert!(Instant::now() < end, "{ordered}");
        }
    }

    /// Runs `holdfast` with `words` beside it.
    async fn holdfast(&self, words: &str) -> String {
        let mut command = holdfast(self.folder.path());
        command.args(words.split(' '));
        text(timeout(LIMIT, command.output()).await.unwrap().unwrap())
    }
}

fn holdfast(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    // A group of its own, as a terminal gives to what is started in it.
    command
        .current_dir(folder)
        .kill_on_drop(true)
        .process_group(0);
    command
}

/// Opens the shop of `folder`, and returns when it says that it is open.
async fn open(folder: &Path, port: u16) -> Child {
    let mut command = holdfast(folder);
    command
        .arg("up")
        .env("PORT", port.to_string())
        .stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let opened = async {
        loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("it ended before it was open");
            if line.starts_with("The shop is open") {
                return;
            }
        }
    };
    timeout(LIMIT, opened).await.unwrap();
    process
}

fn text(output: Output) -> String {
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// The commands below a heading of the README.
fn commands(heading: &str) -> Vec<String> {
    let readme =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let section = readme.split_once(&format!("\n## {heading}\n")).unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_readme_can_be_followed_from_the_first_line_to_the_last() {
    assert_eq!(commands("Run it"), ["make up\n"]);
    let shop = Opened::new().await;

    let ordered = shop.order().await;

    let again = shop.run(&commands("Order")[0]).await;
    assert_eq!(again, ordered, "the same key is another order");

    shop.run(&commands("Break it")[0]).await;
    let placed = shop.holdfast("order").await;
    assert!(placed.contains("confirmed"), "{placed}");
    let came = shop.holdfast("load --orders 5 --looks 5 --seconds 2").await;
    assert!(came.contains("; order: "), "{came}");
    assert_eq!(came.matches(", 0 not").count(), 2, "{came}");

    let Opened {
        mut process,
        folder,
        port,
    } = shop;
    let down = text(holdfast(folder.path()).arg("down").output().await.unwrap());
    assert!(down.contains("closed"), "{down}");
    assert!(process.wait().await.unwrap().success());
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn a_killed_shop_leaves_nothing_running_and_forgets_no_order() {
    let mut shop = Opened::new().await;
    let ordered = shop.order().await;
    let servers = ["primary", "replica"].map(|name| port_of(shop.folder.path(), name));

    shop.process.kill().await.unwrap();

    let end = Instant::now() + LIMIT;
    for port in servers {
        while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            assert!(Instant::now() < end, "Postgres still listens on {port}");
            sleep(Duration::from_millis(20)).await;
        }
    }
    shop.process = open(shop.folder.path(), shop.port).await;
    assert_eq!(shop.run(&commands("Order")[0]).await, ordered);
    shop.holdfast("clean").await;
    assert!(!shop.folder.path().join(".holdfast").exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn ctrl_c_ends_all_that_was_started() {
    let mut shop = Opened::new().await;
    let leader = shop.process.id().unwrap();
    let started = processes::below(leader);
    assert!(
        started.len() >= 3,
        "two Postgres servers and a Redis: {started:?}"
    );

    // What a terminal does: everybody in the group hears of it, not only whom it is meant for.
    let group = Pid::from_raw(i32::try_from(leader).unwrap());
    killpg(group, Signal::SIGINT).unwrap();

    let ended = timeout(LIMIT, shop.process.wait()).await.unwrap().unwrap();
    assert!(ended.success(), "{ended}");
    let end = Instant::now() + LIMIT;
    while let Some(left) = processes::still(&started) {
        assert!(Instant::now() < end, "still there: {left:?}");
        sleep(Duration::from_millis(20)).await;
    }
    assert!(TcpStream::connect(("127.0.0.1", shop.port)).await.is_err());
    shop.process = open(shop.folder.path(), shop.port).await;
    shop.order().await;
}

#[tokio::test]
async fn a_taken_port_is_told_with_what_to_do() {
    let folder = Folder::scratch().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();

    let output = holdfast(folder.path())
        .args(["up", "--port", &port.to_string()])
        .output()
        .await
        .unwrap();

    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&format!(
            "port {port} is taken; choose another: `PORT={} make up`",
            port + 1
        )),
        "{said}"
    );
}

/// The processes of this machine, as Linux shows them.
#[cfg(target_os = "linux")]
mod processes {
    use std::fs;

    /// A process: its number, the number of whoever started it, and what it is called.
    pub(super) type Found = (u32, u32, String);

    /// Every process of this machine that has not ended.
    fn all() -> Vec<Found> {
        let all = fs::read_dir("/proc").unwrap().flatten();
        let read = |entry: fs::DirEntry| {
            // `17 (its name) S 4 ...`: its number, its state, and who started it.
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let (pid, rest) = stat.split_once(" (")?;
            let (name, rest) = rest.rsplit_once(") ")?;
            let mut words = rest.split(' ');
            let alive = words.next() != Some("Z");
            let parent = words.next()?.parse().ok()?;
            alive.then_some((pid.parse().ok()?, parent, name.to_owned()))
        };
        all.filter_map(read).collect()
    }

    /// Every process that `leader` has started, or one of those.
    pub(super) fn below(leader: u32) -> Vec<Found> {
        let all = all();
        let (mut found, mut seen): (Vec<Found>, _) = (Vec::new(), vec![leader]);
        while let Some(parent) = seen.pop() {
            let children = all.iter().filter(|(_, of, _)| *of == parent);
            seen.extend(children.clone().map(|(pid, ..)| pid));
            found.extend(children.cloned());
        }
        found
    }

    /// One of `those` that is there still, under its number and its name.
    pub(super) fn still(those: &[Found]) -> Option<Found> {
        let now = all();
        let same = |one: &Found| {
            now.iter()
                .any(|(pid, _, name)| (*pid, name) == (one.0, &one.2))
        };
        those.iter().find(|one| same(one)).cloned()
    }
}

/// The port of a server, as its own note has it.
fn port_of(folder: &Path, server: &str) -> u16 {
    let note = folder
        .join(".holdfast/postgres")
        .join(server)
        .join("postmaster.pid");
    fs::read_to_string(note)
        .unwrap()
        .lines()
        .nth(3)
        .unwrap()
        .parse()
        .unwrap()
}
