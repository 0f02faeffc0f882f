//! Control services as processes of their own, which are stopped and killed.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::house::{House, free, until};

/// A control service as a process.
pub(crate) struct Observer {
    pub(crate) addr: SocketAddr,
    log: PathBuf,
    child: Child,
}

impl Observer {
    pub(crate) async fn start(house: &House, name: &str, watched: &[(&str, String)]) -> Self {
        Self::start_at(free(), house, name, watched).await
    }

    async fn start_at(
        addr: SocketAddr,
        house: &House,
        name: &str,
        watched: &[(&str, String)],
    ) -> Self {
        let log = house.folder.path().join(format!("{name}.log"));
        let child = Command::new(env!("CARGO_BIN_EXE_control"))
            .env_clear()
            .envs(house.settings(name, watched))
            .envs([
                ("LISTEN", addr.to_string()),
                ("ADMIN_LISTEN", free().to_string()),
                ("SERVICE_TOKEN", "a token for tests only".to_owned()),
                ("DRAIN_GRACE", "0s".to_owned()),
                ("LOG", "warn".to_owned()),
            ])
            .stderr(File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn();
        let observer = Self {
            addr,
            log,
            child: child.unwrap(),
        };
        until("it listens", async || {
            TcpStream::connect(addr).await.is_ok()
        })
        .await;
        observer
    }

    /// Waits until it has seen for itself that `component` has a fault, whoever has written that down.
    pub(crate) async fn sees(&self, component: &str) {
        until("it sees the fault", async || {
            let log = fs::read_to_string(&self.log).unwrap();
            let mut begun = log
                .lines()
                .filter(|line| line.contains("a fault has begun"));
            begun.any(|line| line.contains(component))
        })
        .await;
    }

    pub(crate) fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().unwrap().try_into().unwrap();
        kill(Pid::from_raw(id), signal).unwrap();
    }

    async fn end(mut self, signal: Signal) {
        self.signal(signal);
        self.child.wait().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_process_is_paused_and_a_killed_one_killed() {
    let house = House::new().await;
    let other = House::new().await;
    let process = Observer::start(&other, "process", &[]).await;
    let addr = process.addr;
    let control = house
        .control("one", &[("CONTROL_ADDRS", addr.to_string())])
        .await;
    control.acquainted().await;

    process.pause();
    let paused = house.one("instance_paused").await;
    process.resume();
    house.all_over().await;
    process.end(Signal::SIGKILL).await;
    let killed = house.one("instance_killed").await;
    let _process = Observer::start_at(addr, &other, "process", &[]).await;

    let all = house.all_over().await;
    crate::house::say(format_args!(
        "paused: detected after {paused:.1} s (goal: 10 s); killed: after {killed:.1} s (goal: 5 s)"
    ));
    let expected = ["instance_paused resumed", "instance_killed restarted"];
    let expected = expected.map(|said| said.replace(' ', &format!(" control@{addr} ")));
    assert_eq!(all, expected);
    assert!(paused < 30.0 && killed < 15.0, "{paused} {killed}");
}
