//! What the containers of `docker-compose.yml` need before they start: secrets, certificates, and volumes of their own.

mod cache;
#[cfg(test)]
mod tests;
mod volume;

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use anyhow::Context as _;

use crate::certs::{self, Reached};
use crate::home::Home;
use crate::house::{Ground, Kind};

use volume::Volumes;

/// Where a container finds its secrets.
const SECRETS: &str = "/run/secrets";
/// What says that a volume has been met: an empty one would take over the owner of whatever it is mounted on next.
const MET: &str = ".holdfast";
/// What customers may have, as [`Home`] keeps it.
const PUBLIC: &str = "public/certs";

/// Where the parts of the data floor answer: addresses, for a name that is looked up in vain holds up whoever asks.
#[derive(Debug, Clone, clap::Args)]
pub struct Floor {
    /// What customers call the edge.
    #[arg(long, required = true, num_args = 1..)]
    pub edge: Vec<String>,
    /// The HAProxies, as services reach them.
    #[arg(long, required = true, num_args = 1..)]
    pub haproxy: Vec<IpAddr>,
    /// The database nodes.
    #[arg(long, required = true, num_args = 1..)]
    pub postgres: Vec<IpAddr>,
    /// The Redis servers; the first one leads at first.
    #[arg(long, required = true, num_args = 1..)]
    pub redis: Vec<IpAddr>,
    /// The Sentinels.
    #[arg(long, required = true, num_args = 1..)]
    pub sentinel: Vec<IpAddr>,
    /// How many there are of etcd.
    #[arg(long, default_value_t = 3)]
    pub etcd: usize,
}

/// Fills a folder of `out` for each container, or for each kind of them. Secrets are made once, certificates each time, and
/// what Redis and its Sentinels have written since stays.
///
/// # Errors
/// When something cannot be read or written.
pub fn run(out: &Path, floor: &Floor) -> anyhow::Result<()> {
    let authority = out.join("authority");
    fs::create_dir_all(&authority).with_context(|| authority.display().to_string())?;
    certs::write_for(&authority, &floor.reached())?;
    let home = Home::at(&authority);
    let volumes = Volumes { out, home };
    volumes.authority(PUBLIC)?;
    for kind in Kind::ALL {
        service(&volumes, floor, kind)?;
    }
    postgres(&volumes)?;
    owner(&volumes, floor)?;
    cache::fill(&volumes, floor)?;
    for at in 1..=floor.postgres.len() {
        volumes.put(&format!("pg-{at}"), MET, "")?;
    }
    for at in 1..=floor.etcd {
        volumes.put(&format!("etcd-{at}"), MET, "")?;
    }
    volumes.put("prometheus", MET, "")?;
    let password = volumes.secret("password-grafana")?;
    volumes.put("grafana", "admin-password", &password)
}

impl Floor {
    /// The database is reached through an HAProxy, from node to node, and by its own Patroni; Redis is named by Sentinels.
    fn reached(&self) -> Reached {
        let named = |addrs: &[&[IpAddr]]| -> Vec<String> {
            let near = ["localhost", "127.0.0.1"].map(str::to_owned);
            let far = addrs.concat().into_iter().map(|addr| addr.to_string());
            near.into_iter().chain(far).collect()
        };
        Reached {
            edge: self.edge.clone(),
            database: named(&[&self.haproxy, &self.postgres]),
            redis: named(&[&self.redis, &self.sentinel]),
        }
    }

    /// Where `login` finds `database`, through either HAProxy.
    fn urls(&self, login: &str, port: u16, database: &str) -> String {
        let url = |addr: &IpAddr| {
            format!(
                "postgres://{login}@{addr}:{port}/{database}?sslmode=verify-full&sslrootcert={SECRETS}/ca.pem"
            )
        };
        self.haproxy.iter().map(url).collect::<Vec<_>>().join(",")
    }
}

fn service(volumes: &Volumes<'_>, floor: &Floor, kind: Kind) -> anyhow::Result<()> {
    let name = kind.name();
    let secret = |file: &str, text: &str| volumes.put(name, file, text);
    secret("service-token", &volumes.secret("service-token")?)?;
    let password = volumes.secret("password-redis")?;
    secret("redis-url", &cache::url(floor, &password))?;
    volumes.certificate(name, name, "peer")?;
    volumes.authority(name)?;
    if kind == Kind::Gateway {
        volumes.certificate(name, "server", "server")?;
    }
    if kind == Kind::User {
        secret("master-key", &volumes.secret("master-key")?)?;
    }
    if Ground::KEEPERS.contains(&name) {
        let password = volumes.secret(&format!("password-{name}"))?;
        let login = format!("{name}:{password}");
        secret("database-urls", &floor.urls(&login, 5432, name))?;
        secret("database-replica-urls", &floor.urls(&login, 5433, name))?;
    }
    Ok(())
}

fn postgres(volumes: &Volumes<'_>) -> anyhow::Result<()> {
    for role in ["superuser", "replicator", "patroni"] {
        let password = volumes.secret(&format!("password-{role}"))?;
        volumes.put("postgres", &format!("{role}-password"), &password)?;
    }
    volumes.certificate("postgres", "postgres", "postgres")?;
    volumes.authority("postgres")
}

/// For those who make databases, and for nobody else.
fn owner(volumes: &Volumes<'_>, floor: &Floor) -> anyhow::Result<()> {
    let login = format!("postgres:{}", volumes.secret("password-superuser")?);
    let urls = floor.urls(&login, 5432, "postgres");
    volumes.put("owner", "database-owner-url", &urls)
}
