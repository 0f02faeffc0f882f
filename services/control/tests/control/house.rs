//! A control service of a test's own, and small services for it to look after.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use api::control::faults_client::FaultsClient;
use api::control::{Fault, ListFaultsRequest};
use chassis::{Env, Running, Setting};
use discovery::Channel;
use tempfile::TempDir;
use testkit::Database;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, timeout};

/// How long anything may take to come about, on a machine that does much else.
const LIMIT: Duration = Duration::from_mins(1);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(50);

/// A service that does nothing but be there.
struct Idle;

impl chassis::Service for Idle {
    const SETTINGS: &'static [Setting] = &[];
}

/// A small service of a runtime of its own: it can be killed.
pub(crate) struct Tiny {
    pub(crate) addr: SocketAddr,
    runtime: Option<Runtime>,
    running: Option<Running>,
}

/// Starts a small `service` at `addr`.
pub(crate) async fn tiny(service: &'static str, addr: SocketAddr) -> Tiny {
    let env = Env::local([
        ("LISTEN", addr.to_string()),
        ("DRAIN_GRACE", "2s".to_owned()),
        ("LOG", "off".to_owned()),
    ]);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let started = runtime
        .spawn(chassis::start(service, env, |_| Ok(Idle)))
        .await;
    Tiny {
        addr,
        runtime: Some(runtime),
        running: Some(started.unwrap().unwrap()),
    }
}

impl Tiny {
    /// Ends it in order.
    pub(crate) async fn stop(mut self) {
        let (running, runtime) = (self.running.take().unwrap(), self.runtime.as_ref().unwrap());
        runtime.spawn(running.stop()).await.unwrap();
    }

    /// Ends it as a crash does: nobody is told.
    pub(crate) fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// An address that is free.
pub(crate) fn free() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], testkit::free_port()))
}

/// A database, and a folder to spool into; control services that share them come and go.
pub(crate) struct House {
    pub(crate) database: Database,
    pub(crate) folder: TempDir,
}

/// One control service, and the way to it.
pub(crate) struct Control {
    pub(crate) faults: FaultsClient<Channel>,
    pub(crate) running: Running,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self {
            database: testkit::database("control").await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The settings of the control service called `name`, which looks after whatever `watched` says.
    pub(crate) fn settings(&self, name: &str, watched: &[(&str, String)]) -> Vec<(String, String)> {
        let spool = self.folder.path().join(format!("{name}.jsonl"));
        let own = [
            ("DATABASE_URLS", self.database.primary_url()),
            ("DATABASE_REPLICA_URLS", self.database.replica_url()),
            ("FAULT_SPOOL", spool.display().to_string()),
            ("LOG", "error".to_owned()),
        ];
        let all = own.iter().chain(watched);
        all.map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    /// Starts one in this process.
    pub(crate) async fn control(&self, name: &str, watched: &[(&str, String)]) -> Control {
        let env = Env::local(self.settings(name, watched));
        let running = chassis::start("control", env, control::Service::connect).await;
        let running = running.unwrap();
        Control {
            faults: FaultsClient::new(running.channel()),
            running,
        }
    }

    /// The ledger as it is, read past the service: number, type, component, seconds to detection, resolution.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        let rows = sqlx::query_as(
            "select number, type, component, extract(epoch from detected_at - occurred_at)::float8, coalesce(resolution, '')
            from faults order by number",
        );
        rows.fetch_all(self.database.pool()).await.unwrap()
    }

    /// Waits until the ledger holds one fault of `kind`, and tells after how many seconds that was detected.
    pub(crate) async fn one(&self, kind: &str) -> f64 {
        until(&format!("{kind} is in the ledger"), async || {
            self.rows().await.iter().any(|row| row.1 == kind)
        })
        .await;
        self.rows()
            .await
            .iter()
            .find(|row| row.1 == kind)
            .unwrap()
            .3
    }

    /// Waits until nothing lasts, and tells what there was: type and resolution.
    pub(crate) async fn all_over(&self) -> Vec<String> {
        until("all faults are over", async || {
            self.rows().await.iter().all(|row| !row.4.is_empty())
        })
        .await;
        let rows = self.rows().await;
        rows.iter()
            .map(|row| format!("{} {} {}", row.1, row.2, row.4))
            .collect()
    }
}

/// A fault as [`House::rows`] reads it.
pub(crate) type Row = (i64, String, String, f64, String);

impl Control {
    /// All faults that `wanted` asks for.
    pub(crate) async fn list(&self, wanted: ListFaultsRequest) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        faults
            .list_faults(wanted)
            .await
            .unwrap()
            .into_inner()
            .faults
    }

    /// See [`acquainted`].
    pub(crate) async fn acquainted(&self) {
        acquainted().await;
    }
}

/// Waits until whoever looks on has seen each of its neighbours well a few times: of what was never heard nothing is said.
pub(crate) async fn acquainted() {
    // Nothing shows it from outside; heartbeats come twice a second.
    sleep(Duration::from_secs(3)).await;
}

/// Waits until `so`.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !so().await {
        assert!(Instant::now() < end, "waited {LIMIT:?} until {what}");
        sleep(LOOK).await;
    }
}

/// What comes within the limit.
pub(crate) async fn soon<F: Future>(work: F) -> F::Output {
    timeout(LIMIT, work)
        .await
        .expect("it comes within the limit")
}

/// Tells whoever looks on.
pub(crate) fn say(words: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{words}");
}
