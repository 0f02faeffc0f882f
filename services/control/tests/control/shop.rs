//! A control service of a test's own.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use api::control::registry_client::RegistryClient;
use api::control::resources_client::ResourcesClient;
use api::control::scaling_client::ScalingClient;
use api::control::{Allowance, GetResourceRequest, Resource, UpdateResourceRequest};
use api::id::ACCOUNT;
use chassis::{Env, Running, Setting};
use discovery::Channel;
use testkit::Database;
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};
use uuid::Uuid;

const NEIGHBOURS: &[Setting] = &[Setting::required("OTHER_ADDRS", "Where the service is.")];
/// A change is in effect within this time.
pub(crate) const SOON: Duration = Duration::from_secs(2);

/// A control service with its database.
pub(crate) struct Shop {
    pub(crate) control: Control,
    pub(crate) database: Database,
}

/// One instance of it.
pub(crate) struct Control {
    pub(crate) resources: ResourcesClient<Channel>,
    pub(crate) registry: RegistryClient<Channel>,
    pub(crate) scaling: ScalingClient<Channel>,
    pub(crate) channel: Channel,
    pub(crate) addr: SocketAddr,
    _running: Option<Running>,
    /// Of one that can be killed, all that it does.
    runtime: Option<Runtime>,
}

/// Who acts in these tests.
pub(crate) fn operator() -> String {
    ACCOUNT.write(Uuid::from_u128(1))
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(async |database| start(database).await).await
    }

    /// With a control service that is started by `start`.
    pub(crate) async fn open_with(start: impl AsyncFnOnce(&Database) -> Control) -> Self {
        let database = testkit::database("control").await;
        let control = start(&database).await;
        Self { control, database }
    }

    /// A second instance on the same database.
    pub(crate) async fn another(&self) -> Control {
        start(&self.database).await
    }
}

/// Starts one, which also has `settings`.
pub(crate) async fn start_with(database: &Database, settings: &[(&str, String)]) -> Control {
    let running = started(database, settings).await;
    let addr = running.addr;
    Control::at(addr, Some(running), None)
}

async fn start(database: &Database) -> Control {
    start_with(database, &[]).await
}

/// Starts one that can be killed: all that it does ends in the middle.
pub(crate) async fn start_mortal(database: &Database) -> Control {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
    let env = env(database, &[]);
    let (told, addr) = tokio::sync::oneshot::channel();
    runtime.spawn(async move {
        let running = chassis::start("control", env, control::Service::connect).await;
        let running = running.unwrap();
        told.send(running.addr).unwrap();
        std::future::pending::<()>().await;
    });
    Control::at(addr.await.unwrap(), None, Some(runtime))
}

fn env(database: &Database, settings: &[(&str, String)]) -> Env {
    let own = [
        ("DATABASE_URLS", database.primary_url()),
        ("DATABASE_REPLICA_URLS", database.replica_url()),
        ("LOG", "error".to_owned()),
    ];
    Env::local(own.iter().chain(settings).cloned())
}

async fn started(database: &Database, settings: &[(&str, String)]) -> Running {
    let env = env(database, settings);
    let running = chassis::start("control", env, control::Service::connect).await;
    running.unwrap()
}

impl Drop for Control {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Control {
    fn at(addr: SocketAddr, running: Option<Running>, runtime: Option<Runtime>) -> Self {
        let env = Env::local([("OTHER_ADDRS", addr.to_string())]).knowing(NEIGHBOURS);
        let channel = env.channel("other").unwrap();
        Self {
            resources: ResourcesClient::new(channel.clone()),
            registry: RegistryClient::new(channel.clone()),
            scaling: ScalingClient::new(channel.clone()),
            channel,
            addr,
            _running: running,
            runtime,
        }
    }

    /// Kills one that can be.
    pub(crate) fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    pub(crate) async fn resource(&self, service: &str) -> Resource {
        let request = GetResourceRequest {
            service: service.to_owned(),
        };
        let found = self.resources.clone().get_resource(request).await;
        found.unwrap().into_inner()
    }

    /// Says `allowance` of a service.
    pub(crate) async fn allow(
        &self,
        service: &str,
        version: i64,
        allowance: Allowance,
    ) -> Result<Resource, Status> {
        let request = UpdateResourceRequest {
            actor_id: operator(),
            service: service.to_owned(),
            version,
            allowance: Some(allowance),
        };
        let mut resources = self.resources.clone();
        Ok(resources.update_resource(request).await?.into_inner())
    }
}

/// Why a request was refused.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let reason = api::error::reason(&status).unwrap_or_default();
    (status.code(), reason)
}

/// Asks again until the answer is as wanted, for no longer than `limit`.
pub(crate) async fn until<F: Future<Output = bool>>(limit: Duration, asked: impl Fn() -> F) {
    let end = Instant::now() + limit;
    while !asked().await {
        assert!(Instant::now() < end, "not within {limit:?}");
        sleep(Duration::from_millis(20)).await;
    }
}
