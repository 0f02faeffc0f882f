//! One shop in containers, from nothing to the doors through which customers come.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use drill::{Customer, Door};
use stack::{Folder, free_port};
use tokio::process::Command;
use tokio::time::Instant;

use super::engine::{Container, containers, ended, run, succeeded};
use super::project::Project;
use super::until;
use crate::certs::authority_of;
use crate::ha::RATES;

/// The image that holds a shell and Python, by which others are looked at.
pub const TOOLS: &str = concat!("holdfast/postgres:", env!("CARGO_PKG_VERSION"));
/// So many containers there are, at least.
const MANY: usize = 20;

/// What makes it another one than its user's, which may run here already.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// What Compose calls it.
    pub project: &'static str,
    /// The first two numbers of its addresses.
    pub subnet: &'static str,
}

/// A shop in containers.
#[derive(Debug)]
pub struct Shop {
    /// Its front doors.
    pub fronts: Vec<Door>,
    pub(super) place: Place,
    /// Who may do all in its database: `postgres://name:password`.
    pub(super) owner: String,
    ports: [u16; 2],
    /// Taken away with it, also in a panic.
    project: Project,
}

impl Shop {
    /// Makes one from nothing, at free ports; answers how long it took.
    ///
    /// # Errors
    /// When there is no engine or an image is missing, or it does not come up.
    pub async fn open(place: Place) -> anyhow::Result<(Self, Duration)> {
        let mut shop = Self {
            fronts: Vec::new(),
            place,
            owner: String::new(),
            ports: [free_port()?, free_port()?],
            project: Project::new(place.project),
        };
        let began = Instant::now();
        shop.compose(&["up", "--detach"]).await?;
        shop.fronts = shop.doors().await?;
        let urls = shop.kept("owner", "database-owner-url").await?;
        let (owner, _) = urls.split_once('@').context("the owner of the database")?;
        owner.clone_into(&mut shop.owner);
        shop.healed().await?;
        Ok((shop, began.elapsed()))
    }

    /// Where customers come, who believe the authority that this shop has made for itself.
    async fn doors(&self) -> anyhow::Result<Vec<Door>> {
        let authority = self.kept("public", "certs/ca.pem").await?;
        let folder = Folder::scratch()?;
        let file = authority_of(folder.path());
        fs::write(&file, authority)?;
        let door = |port| Door::certified(format!("https://localhost:{port}"), &file);
        self.ports.into_iter().map(door).collect()
    }

    /// The engine's Compose, with what makes this shop another one than its user's.
    ///
    /// # Errors
    /// When it fails.
    pub async fn compose(&self, words: &[&str]) -> anyhow::Result<String> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let version = ended(Command::new("docker").args(["compose", "version"])).await;
        let mut command = if version.is_ok_and(|output| output.status.success()) {
            let mut command = Command::new("docker");
            command.arg("compose");
            command
        } else {
            Command::new("docker-compose")
        };
        let [one, other] = self.ports.map(|port| port.to_string());
        command
            .args(["--project-name", self.project.name()])
            .args(words)
            .current_dir(root)
            .envs([("PORT", one), ("PORT_2", other)])
            .envs([("SUBNET", self.place.subnet), ("LOG", "warn")])
            .envs(RATES);
        let output = ended(&mut command).await.context("Compose")?;
        succeeded(words, &output)
    }

    /// All of them, those that have ended too.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn containers(&self) -> anyhow::Result<Vec<Container>> {
        containers(self.project.name()).await
    }

    /// The one of this name.
    ///
    /// # Errors
    /// When there is none.
    pub async fn container(&self, name: &str) -> anyhow::Result<Container> {
        let all = self.containers().await?;
        let found = all.into_iter().find(|one| one.name == name);
        found.with_context(|| format!("there is no {name}"))
    }

    /// Waits until every container is well, database and cache are in step, and both doors are open.
    ///
    /// # Errors
    /// When it is not within minutes; it says what is missing.
    pub async fn healed(&self) -> anyhow::Result<()> {
        self.well().await?;
        until("the database is in step", async || self.in_step().await).await?;
        until("the cache is in step", async || self.cache_in_step().await).await?;
        for front in &self.fronts {
            until("both doors are open", async || {
                Customer::of(front).browse(1).await.is_ok()
            })
            .await?;
        }
        Ok(())
    }

    /// Waits until every container is well.
    ///
    /// # Errors
    /// When it is not within minutes.
    pub async fn well(&self) -> anyhow::Result<()> {
        until("every container is well", async || {
            let well = |one: &Container| one.is_done() || one.is_well();
            let all = self.containers().await;
            all.is_ok_and(|all| all.len() > MANY && all.iter().all(well))
        })
        .await
    }

    /// The text of `file` in `volume`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn kept(&self, volume: &str, file: &str) -> anyhow::Result<String> {
        let mounted = format!("{}_{volume}:/kept:ro", self.project.name());
        let file = format!("/kept/{file}");
        let read = ["docker", "run", "--rm", "--network=none", "-v", &mounted];
        run(&[&read[..], &["--entrypoint=cat", TOOLS, &file]].concat()).await
    }

    /// What the engine calls the network `name`.
    pub fn network(&self, name: &str) -> String {
        format!("{}_{name}", self.project.name())
    }
}
