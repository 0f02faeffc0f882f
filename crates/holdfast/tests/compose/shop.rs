//! One shop in containers, from nothing to a placed order, which all tests share.

use std::fs;
use std::time::Duration;

use drill::{Books, Customer, Door, Plan, Product};
use holdfast::certs::authority_of;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use stack::Folder;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout_at};

use crate::engine::{Container, containers, run};
use crate::project::Project;

/// How long anything may take to settle.
pub(crate) const SETTLED: Duration = Duration::from_mins(3);
/// How often it is looked whether something has come about.
const LOOK: Duration = Duration::from_millis(200);
/// Apart from a shop that may run here already.
const PROJECT: &str = "holdfast-test";
pub(crate) const SUBNET: &str = "10.214";
/// The image that holds a shell and Python, by which others are looked at.
pub(crate) const TOOLS: &str = concat!("holdfast/postgres:", env!("CARGO_PKG_VERSION"));

/// A shop in containers.
pub(crate) struct Shop {
    pub(crate) fronts: Vec<Door>,
    ports: [u16; 2],
    /// Taken away with it, also when the test panics.
    project: Project,
}

impl Shop {
    /// Makes one from nothing; answers how long it took.
    pub(crate) async fn open() -> (Self, Duration) {
        let mut shop = Self {
            fronts: Vec::new(),
            ports: [testkit::free_port(), testkit::free_port()],
            project: Project::new(PROJECT),
        };
        let began = Instant::now();
        shop.compose(&["up", "--detach"]).await;
        shop.fronts = shop.doors().await;
        shop.healed().await;
        (shop, began.elapsed())
    }

    /// Where customers come, who believe the authority that this shop has made for itself.
    async fn doors(&self) -> Vec<Door> {
        let authority = kept("public", "certs/ca.pem").await;
        let folder = Folder::scratch().unwrap();
        let file = authority_of(folder.path());
        fs::write(&file, authority).unwrap();
        let door = |port| Door::certified(format!("https://localhost:{port}"), &file).unwrap();
        self.ports.map(door).to_vec()
    }

    /// The engine's Compose, with what makes this shop another one than its user's.
    pub(crate) async fn compose(&self, words: &[&str]) -> String {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let v2 = Command::new("docker").args(["compose", "version"]).output();
        let v2 = v2.await.is_ok_and(|output| output.status.success());
        let mut command = if v2 {
            let mut command = Command::new("docker");
            command.arg("compose");
            command
        } else {
            Command::new("docker-compose")
        };
        let [one, other] = self.ports.map(|port| port.to_string());
        let output = command
            .args(["--project-name", self.project.name()])
            .args(words)
            .current_dir(root)
            .envs([("PORT", one), ("PORT_2", other)])
            .envs([
                ("SUBNET", SUBNET),
                ("LOG", "warn"),
                ("RATE_ADDRESS", "1000000/1m"),
                ("RATE_ACCOUNT", "1000000/1m"),
                ("RATE_SIGN_IN", "1000000/1m"),
            ])
            .output();
        let output = output.await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(crate) async fn containers(&self) -> Vec<Container> {
        containers(PROJECT).await
    }

    /// The one of this name.
    pub(crate) async fn container(&self, name: &str) -> Container {
        let all = self.containers().await;
        let found = all.into_iter().find(|one| one.name == name);
        found.unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Waits until every container is well, all database nodes are in step, and both doors are open.
    pub(crate) async fn healed(&self) {
        self.well().await;
        until("the database is in step", async || self.in_step().await).await;
        for front in &self.fronts {
            until("both doors are open", async || {
                Customer::of(front).browse(1).await.is_ok()
            })
            .await;
        }
    }

    /// Waits until every container is well.
    pub(crate) async fn well(&self) {
        until("every container is well", async || {
            let all = self.containers().await;
            let well = |one: &Container| one.is_done() || one.is_well();
            all.len() > 20 && all.iter().all(well)
        })
        .await;
    }

    async fn in_step(&self) -> bool {
        let members = self.members().await;
        let leader = members.iter().find(|one| one["role"] == "leader");
        let Some(leader) = leader else { return false };
        members.len() == 3
            && members.iter().any(|one| one["role"] == "sync_standby")
            && members.iter().all(|one| {
                (one["state"] == "running" || one["state"] == "streaming")
                    && one["timeline"] == leader["timeline"]
            })
    }

    /// The database nodes, as one of them sees them.
    async fn members(&self) -> Vec<Value> {
        for node in 31..=33 {
            let url = format!("http://{SUBNET}.2.{node}:8008/cluster");
            let asked = async { reqwest::get(url).await?.json::<Value>().await };
            if let Ok(told) = asked.await {
                return told["members"].as_array().cloned().unwrap_or_default();
            }
        }
        Vec::new()
    }

    /// The name of the database node that has this role.
    pub(crate) async fn node(&self, role: &str) -> String {
        let members = self.members().await;
        let found = members.iter().find(|one| one["role"] == role);
        found.unwrap()["name"].as_str().unwrap().to_owned()
    }

    /// Its databases, looked into from outside of its networks: this machine stands on all of them.
    pub(crate) async fn books(&self) -> Books {
        Books {
            order: self.store("order").await,
            user: self.store("user").await,
        }
    }

    pub(crate) async fn store(&self, name: &str) -> PgPool {
        let urls = kept("owner", "database-owner-url").await;
        let url = urls.split(',').next().unwrap();
        let (url, _) = url.split_once("/postgres?").unwrap();
        PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy(&format!("{url}/{name}?sslmode=require"))
            .unwrap()
    }

    /// A load of orders of a product that is there for it, and of looks, through both doors.
    pub(crate) async fn plan(&self) -> Plan {
        let order = self.store("order").await;
        let end = Instant::now() + SETTLED;
        loop {
            // An HAProxy that finds no primary for a moment ends what it has taken.
            match Product::shelve(&order, 1_000_000, 10).await {
                Ok(mug) => return Plan::of(&self.fronts, mug),
                Err(error) => assert!(Instant::now() < end, "{error}"),
            }
            sleep(LOOK).await;
        }
    }
}

/// The text of `file` in `volume`.
async fn kept(volume: &str, file: &str) -> String {
    let mounted = format!("{PROJECT}_{volume}:/kept:ro");
    let file = format!("/kept/{file}");
    let read = ["docker", "run", "--rm", "--network=none", "-v", &mounted];
    run(&[&read[..], &["--entrypoint=cat", TOOLS, &file]].concat()).await
}

/// What the engine calls the network `name`.
pub(crate) fn network(name: &str) -> String {
    format!("{PROJECT}_{name}")
}

/// Waits until `so`, for as long as anything may take to settle.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + SETTLED;
    while !timeout_at(end, so()).await.unwrap_or(false) {
        assert!(Instant::now() < end, "waited {SETTLED:?} until {what}");
        sleep(LOOK).await;
    }
}
