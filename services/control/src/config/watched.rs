//! Whom this service looks after, as the settings say.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cache::Redis;
use cache::sentinel::Watchers;
use chassis::{Env, Value, Wrong};
use discovery::Directory;
use discovery::pulse::Manner;
use discovery::tls;
use http::uri::Authority;
use uuid::Uuid;

use crate::domain::causes::Rests;

/// Where anybody says whether they live.
const LIVES: &str = "/livez";
/// Where a Patroni tells of its node.
const NODE: &str = "/patroni";

/// Whom this service looks after.
#[derive(Clone)]
pub struct Watched {
    /// The services of the house.
    pub services: Vec<Service>,
    /// Parts that stand in no directory.
    pub parts: Vec<Part>,
    /// The database nodes.
    pub patroni: Option<Patroni>,
    /// Who watches over Redis.
    pub sentinels: Option<Watchers>,
    /// What rests on what.
    pub rests: Rests,
    /// What changes slowly.
    pub chores: Chores,
    /// Where faults wait while the database is away.
    pub spool: PathBuf,
}

/// A service whose instances are watched.
#[derive(Clone)]
pub struct Service {
    /// What it is called.
    pub name: &'static str,
    /// Who there is.
    pub directory: Arc<dyn Directory>,
    /// How they are asked.
    pub manner: Manner,
}

/// A part that is watched by itself.
#[derive(Clone)]
pub struct Part {
    /// What the ledger calls it.
    pub name: String,
    /// Where it is.
    pub addr: Authority,
    /// How it is asked.
    pub manner: Manner,
}

/// The database nodes.
#[derive(Clone)]
pub struct Patroni {
    /// The Patroni of each.
    pub nodes: Vec<Part>,
    /// How many bytes a node may be behind.
    pub behind: u64,
}

/// What changes slowly.
#[derive(Clone, Debug)]
pub struct Chores {
    /// How often it is looked at.
    pub every: Duration,
    /// Folders whose disks are watched.
    pub disks: Vec<PathBuf>,
    /// How much of them has to be free, in percent.
    pub free_percent: u32,
    /// Files whose certificates are watched.
    pub certificates: Vec<PathBuf>,
    /// For how long they must still be good.
    pub certificate_left: Duration,
    /// A file that is as old as the last backup, and lists all.
    pub backup: Option<PathBuf>,
    /// How old that may be.
    pub backup_age: Duration,
}

impl Watched {
    /// Reads the settings.
    ///
    /// # Errors
    /// The first one that is wrong.
    pub fn read(env: &Env) -> Result<Self, Wrong> {
        let nodes: Option<Vec<Part>> = env.optional("PATRONI_URLS")?;
        let behind = env.get("REPLICATION_LAG")?;
        let patroni = nodes.map(|nodes| Patroni {
            nodes: nodes.into_iter().map(|node| node.asked_for(NODE)).collect(),
            behind,
        });
        Ok(Self {
            services: services(env)?,
            parts: env.optional("WATCHED")?.unwrap_or_default(),
            patroni,
            sentinels: sentinels(env)?,
            rests: rests(env)?,
            chores: chores(env)?,
            spool: spool(env)?,
        })
    }
}

fn services(env: &Env) -> Result<Vec<Service>, Wrong> {
    let mut services = Vec::new();
    for name in ["user", "order", "news", "gateway", "control"] {
        let Some(directory) = env.directory(name)? else {
            continue;
        };
        let manner = if name == "gateway" {
            gateway(env)?
        } else {
            env.manner(name)
        };
        services.push(Service {
            name,
            directory: directory.into(),
            manner,
        });
    }
    Ok(services)
}

fn gateway(env: &Env) -> Result<Manner, Wrong> {
    let authority: Option<PathBuf> = env.optional("GATEWAY_TLS_CA")?;
    let name: String = env.get("GATEWAY_TLS_NAME")?;
    let tls = authority.map(|path| {
        let wrong = |error: &dyn std::fmt::Display| Wrong::new(format!("GATEWAY_TLS_CA: {error}"));
        let config = tls::believing(&path).map_err(|error| wrong(&error))?;
        let name = tls::server_name(&name).map_err(|error| wrong(&error))?;
        Ok((config, name))
    });
    Ok(Manner::Http {
        path: LIVES.to_owned(),
        tls: tls.transpose()?,
        proxied: env.get("GATEWAY_PROXY_PROTOCOL")?,
    })
}

fn sentinels(env: &Env) -> Result<Option<Watchers>, Wrong> {
    let Some(url) = env.optional::<String>("REDIS_URL")? else {
        return Ok(None);
    };
    Redis::check(&url).map_err(|error| Wrong::new(format!("REDIS_URL: {error}")))?;
    Ok(Watchers::of(&url))
}

fn chores(env: &Env) -> Result<Chores, Wrong> {
    let own: Option<PathBuf> = env.optional("PEER_TLS_CERT")?;
    let others: Option<Vec<PathBuf>> = env.optional("CERTIFICATES")?;
    Ok(Chores {
        every: env.get("CHORES_EVERY")?,
        disks: env.optional("DISKS")?.unwrap_or_default(),
        free_percent: env.within("DISK_FREE", 0..=100)?,
        certificates: own.into_iter().chain(others.unwrap_or_default()).collect(),
        certificate_left: env.get("CERTIFICATE_LEFT")?,
        backup: env.optional("BACKUP_STAMP")?,
        backup_age: env.get("BACKUP_AGE")?,
    })
}

fn rests(env: &Env) -> Result<Rests, Wrong> {
    let given: Option<Vec<Resting>> = env.optional("RESTS_ON")?;
    let all = given.unwrap_or_default().into_iter();
    let rests = Rests::new(all.map(|Resting(one, on)| (one, on)));
    rests.map_err(|circular| Wrong::new(format!("RESTS_ON: {circular}")))
}

/// Each instance has a file of its own, which it finds again after a restart; one that takes any free port begins anew. Where
/// all listen on every address, as in containers, what tells them apart is what their machine is called.
fn spool(env: &Env) -> Result<PathBuf, Wrong> {
    let instance: Option<String> = env.optional("INSTANCE")?;
    let listen: SocketAddr = env.get("LISTEN")?;
    let life = (listen.port() == 0).then(|| Uuid::now_v7().to_string());
    let machine = listen.ip().is_unspecified().then(chassis::hostname);
    let parts = [instance, machine.flatten(), Some(listen.to_string()), life]
        .into_iter()
        .flatten();
    let name = parts.collect::<Vec<_>>().join("-");
    let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let name = format!("holdfast-faults-{name}.jsonl");
    let given: Option<PathBuf> = env.optional("FAULT_SPOOL")?;
    Ok(match given {
        Some(path) if !path.is_dir() => path,
        folder => folder.unwrap_or_else(std::env::temp_dir).join(name),
    })
}

impl Part {
    /// The same, asked for another page.
    fn asked_for(self, path: &str) -> Self {
        let manner = Manner::Http {
            path: path.to_owned(),
            tls: None,
            proxied: false,
        };
        Self { manner, ..self }
    }
}

/// A component, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Resting(String, Vec<String>);

impl Value for Resting {
    const MUST_BE: &'static str = "`name=name` or `name=name+name`, with commas between";

    fn read(text: &str) -> Option<Self> {
        let (one, on) = text.split_once('=')?;
        let on: Vec<String> = on.split('+').map(str::to_owned).collect();
        let named = !one.is_empty() && on.iter().all(|name| !name.is_empty());
        named.then(|| Self(one.to_owned(), on))
    }
}

impl Value for Part {
    const MUST_BE: &'static str =
        "`name=host:port` or `name=http://host:port/path`, with commas between";

    fn read(text: &str) -> Option<Self> {
        let (name, place) = text.split_once('=')?;
        let (addr, manner) = match place.strip_prefix("http://") {
            None => (place, Manner::Tcp),
            Some(rest) => {
                let (addr, path) = rest.split_once('/').unwrap_or((rest, ""));
                let manner = Manner::Http {
                    path: format!("/{path}"),
                    tls: None,
                    proxied: false,
                };
                (addr, manner)
            }
        };
        let addr: Authority = addr.parse().ok()?;
        let whole = addr.port_u16().is_some() && !addr.host().is_empty() && !name.is_empty();
        whole.then(|| Self {
            name: name.to_owned(),
            addr,
            manner,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_named_and_asked_by_a_connection_or_a_page() {
        let part = Part::read("haproxy-1=127.0.0.1:5000").unwrap();
        assert_eq!(
            (&*part.name, part.addr.as_str()),
            ("haproxy-1", "127.0.0.1:5000")
        );
        assert!(matches!(part.manner, Manner::Tcp));

        let part = Part::read("etcd-1=http://127.0.0.1:2379/health").unwrap();
        assert!(matches!(part.manner, Manner::Http { path, .. } if path == "/health"));

        for bad in [
            "",
            "haproxy-1",
            "haproxy-1=",
            "=127.0.0.1:1",
            "a=host",
            "a=http:///x",
        ] {
            assert!(Part::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_part_rests_on_one_or_on_several_and_never_on_itself() {
        let read = |text: &str| {
            let env = Env::local([("RESTS_ON", text)]).knowing(super::super::SETTINGS);
            rests(&env).is_ok()
        };

        assert!(read("postgres=etcd-1+etcd-2,order-1=host-1"));
        for bad in ["postgres", "=etcd-1", "postgres=", "a=b+", "a=b,b=a"] {
            assert!(!read(bad), "{bad}");
        }
    }

    #[test]
    fn each_instance_spools_into_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, listen: &str| {
            let folder = folder.path().display().to_string();
            let given = [
                ("INSTANCE", name),
                ("LISTEN", listen),
                ("FAULT_SPOOL", &folder),
            ];
            spool(&Env::local(given).knowing(super::super::SETTINGS)).unwrap()
        };
        let one = || path("control-1", "127.0.0.1:7");

        assert!(one().starts_with(folder.path()));
        assert_eq!(one(), one());
        assert_ne!(one(), path("control-2", "127.0.0.1:7"));
        assert_ne!(one(), path("control-1", "127.0.0.1:8"));
        assert_ne!(path("a", "127.0.0.1:0"), path("a", "127.0.0.1:0"));
        // All of a service are told the same there, and may share a volume.
        let machine = chassis::hostname().unwrap();
        let machine = machine.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let found = path("a", "0.0.0.0:7").display().to_string();
        assert!(found.contains(&machine), "{found}");
    }
}
