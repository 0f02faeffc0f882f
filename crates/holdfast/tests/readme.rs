//! What the README says can be done, done: a shop is opened, ordered from, broken and closed.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

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

    /// Runs `holdfast WORD` beside it.
    async fn holdfast(&self, word: &str) -> String {
        text(
            timeout(LIMIT, holdfast(self.folder.path()).arg(word).output())
                .await
                .unwrap()
                .unwrap(),
        )
    }
}

fn holdfast(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.current_dir(folder).kill_on_drop(true);
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
