//! etcd: the store in which Patroni's nodes agree on a leader, and in which services find each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::account::Account;
use crate::process::LOOK;
use crate::{Error, Folder, Launch, Process, free_port, program};

/// How long a member may take to answer once most of them are there.
const LIMIT: Duration = Duration::from_secs(30);
/// How long one question may take.
const ASK: Duration = Duration::from_secs(1);
/// Leaders are missed after a second. The store is small: Patroni writes some keys over and over.
const SETTINGS: [(&str, &str); 7] = [
    ("heartbeat-interval", "100"),
    ("election-timeout", "1000"),
    ("auto-compaction-mode", "periodic"),
    ("auto-compaction-retention", "5m"),
    ("quota-backend-bytes", "268435456"),
    ("logger", "zap"),
    ("log-level", "warn"),
];

/// Where a member answers.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) name: String,
    pub(crate) client: u16,
    pub(crate) peer: u16,
}

/// One member of an etcd cluster.
#[derive(Debug)]
pub struct Etcd {
    seat: Seat,
    process: Arc<Process>,
    data: PathBuf,
    account: Option<Account>,
}

impl Etcd {
    /// Starts the member at `seat` of the cluster of `all`, its data in `folder`.
    pub(crate) fn start(
        seat: &Seat,
        all: &[Seat],
        folder: &Path,
        account: Option<Account>,
    ) -> Result<Self, Error> {
        let program = program::find("etcd", "apt-get install etcd-server")?;
        let data = folder.join(&seat.name);
        fs::create_dir_all(&data).map_err(Error::files(&data))?;
        account.map_or(Ok(()), |account| account.own(&data))?;
        // Addresses, never names: a look-up that hangs would keep a leader that is cut off from stepping down in time.
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let peers = all
            .iter()
            .map(|one| format!("{}={}", one.name, at(one.peer)));
        let own = [
            ("name", seat.name.clone()),
            ("data-dir", data.display().to_string()),
            ("listen-client-urls", at(seat.client)),
            ("advertise-client-urls", at(seat.client)),
            ("listen-peer-urls", at(seat.peer)),
            ("initial-advertise-peer-urls", at(seat.peer)),
            ("initial-cluster", peers.collect::<Vec<_>>().join(",")),
            ("initial-cluster-token", "holdfast".to_owned()),
        ];
        let settings = SETTINGS.map(|(name, value)| (name, value.to_owned()));
        let args = own.into_iter().chain(settings);
        let mut launch = Launch::new(program, data.with_extension("log"))
            .inside("/")
            .args(args.map(|(name, value)| format!("--{name}={value}")));
        launch.account = account;
        Ok(Self {
            seat: seat.clone(),
            process: Arc::new(Process::start(&seat.name, launch)?),
            data,
            account,
        })
    }

    /// Starts three members by themselves, their data in `folder`, and returns when they answer.
    ///
    /// # Errors
    /// When etcd is not installed or does not come up.
    pub async fn three(folder: &Folder) -> Result<Vec<Self>, Error> {
        let mut seats = Vec::new();
        for name in ["etcd-1", "etcd-2", "etcd-3"] {
            let (name, client, peer) = (name.to_owned(), free_port()?, free_port()?);
            seats.push(Seat { name, client, peer });
        }
        let start = |seat| Self::start(seat, &seats, folder.path(), None);
        let members: Vec<Self> = seats.iter().map(start).collect::<Result<_, _>>()?;
        for member in &members {
            member.ready().await?;
        }
        Ok(members)
    }

    /// Takes away all that it knows. It must have ended before, and so must the others: a member that forgot alone would not
    /// be let in again.
    ///
    /// # Errors
    /// When its folder cannot be emptied.
    pub fn forget(&self) -> Result<(), Error> {
        let files = || Error::files(&self.data);
        fs::remove_dir_all(&self.data).map_err(files())?;
        fs::create_dir_all(&self.data).map_err(files())?;
        self.account
            .map_or(Ok(()), |account| account.own(&self.data))
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.seat.name
    }

    /// Where clients ask it.
    pub fn port(&self) -> u16 {
        self.seat.client
    }

    /// Its process.
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Whether it answers, and knows a leader.
    pub async fn healthy(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/health", self.seat.client);
        let asked = async { reqwest::get(url).await?.json::<Value>().await };
        let answer = tokio::time::timeout(ASK, asked).await;
        matches!(answer, Ok(Ok(said)) if said["health"] == "true")
    }

    /// Waits until it is healthy.
    ///
    /// # Errors
    /// When it is not after half a minute, or has ended.
    pub async fn ready(&self) -> Result<(), Error> {
        let end = Instant::now() + LIMIT;
        while !self.healthy().await {
            if !self.process.alive() || Instant::now() > end {
                return Err(self.process.late(LIMIT));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Ends it in order.
    pub async fn stop(&self) {
        self.process.stop(Signal::SIGTERM).await;
    }
}

/// Deletes `key` if its value is `value`, at the first of `ports` that answers; says whether it did.
pub(crate) async fn delete_if(ports: &[u16], key: &str, value: &str) -> Result<bool, Error> {
    let (key, value) = (BASE64_STANDARD.encode(key), BASE64_STANDARD.encode(value));
    let body = json!({
        "compare": [{"key": key, "target": "VALUE", "result": "EQUAL", "value": value}],
        "success": [{"request_delete_range": {"key": key}}],
    });
    let mut said = Error::asked("etcd", &"no member is known");
    let client = reqwest::Client::new();
    for port in ports {
        let url = format!("http://127.0.0.1:{port}/v3/kv/txn");
        let asked = client.post(url).timeout(ASK).json(&body).send();
        let answer = async { asked.await?.error_for_status()?.json::<Value>().await };
        match answer.await {
            Ok(answer) => return Ok(answer["succeeded"] == true),
            Err(error) => said = Error::asked("etcd", &error),
        }
    }
    Err(said)
}
