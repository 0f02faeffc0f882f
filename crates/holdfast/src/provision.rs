//! What the containers of `docker-compose.yml` need before they start: secrets, certificates, and volumes of their own.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use anyhow::Context as _;

use crate::certs;
use crate::home::Home;
use crate::house::{Ground, Kind};

/// Where a container finds its secrets.
const SECRETS: &str = "/run/secrets";
/// What says that a volume has been met: an empty one would take over the owner of whatever it is mounted on next.
const MET: &str = ".holdfast";
/// How Sentinels call the primary, and how many have to miss it.
const PRIMARY: &str = "holdfast";
const QUORUM: u8 = 2;

const REDIS: &str = include_str!("provision/redis.conf");
const SENTINEL: &str = include_str!("provision/sentinel.conf");

/// Where the parts of the data floor answer: addresses, for a name that is looked up in vain holds up whoever asks.
#[derive(Debug, Clone, clap::Args)]
pub struct Floor {
    /// The HAProxies.
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
    let home = Home::at(&authority);
    fs::create_dir_all(&authority).with_context(|| authority.display().to_string())?;
    certs::write_for(&authority, &edge(), &database(floor))?;
    for kind in Kind::ALL {
        service(out, &home, floor, kind)?;
    }
    postgres(out, &home)?;
    owner(out, &home, floor)?;
    for (at, addr) in (1..).zip(&floor.redis) {
        let leads = (at > 1).then(|| floor.redis[0]);
        once(
            out,
            &format!("redis-{at}"),
            "redis.conf",
            &redis(*addr, leads),
        )?;
    }
    for (at, addr) in (1..).zip(&floor.sentinel) {
        let text = sentinel(*addr, floor.redis[0]);
        once(out, &format!("sentinel-{at}"), "sentinel.conf", &text)?;
    }
    for at in 1..=floor.postgres.len() {
        put(out, &format!("pg-{at}"), MET, "")?;
    }
    for at in 1..=floor.etcd {
        put(out, &format!("etcd-{at}"), MET, "")?;
    }
    Ok(())
}

fn edge() -> [String; 2] {
    ["localhost", "127.0.0.1"].map(str::to_owned)
}

/// By what the database is reached: through an HAProxy, from node to node, and by its own Patroni.
fn database(floor: &Floor) -> Vec<String> {
    let far = floor.haproxy.iter().chain(&floor.postgres);
    let near = edge();
    near.into_iter().chain(far.map(IpAddr::to_string)).collect()
}

fn service(out: &Path, home: &Home, floor: &Floor, kind: Kind) -> anyhow::Result<()> {
    let name = kind.name();
    let secret = |file: &str, text: &str| put(out, name, file, text);
    secret("service-token", &home.secret("service-token")?)?;
    secret("redis-url", &redis_url(floor))?;
    copy(out, home, name, &[(name, "peer")])?;
    if kind == Kind::User {
        secret("master-key", &home.secret("master-key")?)?;
    }
    if Ground::KEEPERS.contains(&name) {
        let password = home.secret(&format!("password-{name}"))?;
        let login = format!("{name}:{password}");
        secret("database-urls", &urls(floor, &login, 5432, name))?;
        secret("database-replica-urls", &urls(floor, &login, 5433, name))?;
    }
    Ok(())
}

/// The certificate and key that are called `from` in the authority's folder and `to` in that of `name`, and the authority.
fn copy(out: &Path, home: &Home, name: &str, files: &[(&str, &str)]) -> anyhow::Result<()> {
    let read = |file: &str| {
        let path = home.path().join(file);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    for (from, to) in files {
        for end in ["pem", "key"] {
            put(
                out,
                name,
                &format!("{to}.{end}"),
                &read(&format!("{from}.{end}"))?,
            )?;
        }
    }
    put(out, name, "ca.pem", &read("ca.pem")?)
}

fn postgres(out: &Path, home: &Home) -> anyhow::Result<()> {
    for role in ["superuser", "replicator", "patroni"] {
        let password = home.secret(&format!("password-{role}"))?;
        put(out, "postgres", &format!("{role}-password"), &password)?;
    }
    copy(out, home, "postgres", &[("postgres", "postgres")])
}

/// For those who make databases, and for nobody else.
fn owner(out: &Path, home: &Home, floor: &Floor) -> anyhow::Result<()> {
    let password = home.secret("password-superuser")?;
    let login = format!("postgres:{password}");
    let urls = urls(floor, &login, 5432, "postgres");
    put(out, "owner", "database-owner-url", &urls)
}

fn urls(floor: &Floor, login: &str, port: u16, database: &str) -> String {
    let url = |addr: &IpAddr| {
        format!(
            "postgres://{login}@{addr}:{port}/{database}?sslmode=verify-full&sslrootcert={SECRETS}/ca.pem"
        )
    };
    floor.haproxy.iter().map(url).collect::<Vec<_>>().join(",")
}

fn redis_url(floor: &Floor) -> String {
    let each = floor.sentinel.iter().map(|addr| format!("{addr}:26379"));
    let each: Vec<String> = each.collect();
    format!("redis+sentinel://{}/{PRIMARY}", each.join(","))
}

fn redis(own: IpAddr, follows: Option<IpAddr>) -> String {
    let follows = follows.map(|addr| format!("replicaof {addr} 6379\n"));
    format!(
        "{REDIS}replica-announce-ip {own}\n{}",
        follows.unwrap_or_default()
    )
}

fn sentinel(own: IpAddr, primary: IpAddr) -> String {
    format!(
        "{SENTINEL}sentinel announce-ip {own}\n\
         sentinel monitor {PRIMARY} {primary} 6379 {QUORUM}\n\
         sentinel down-after-milliseconds {PRIMARY} 500\n\
         sentinel failover-timeout {PRIMARY} 2000\n\
         sentinel parallel-syncs {PRIMARY} 1\n"
    )
}

/// Writes `text` into the folder `name`, where it is not there yet.
fn once(out: &Path, name: &str, file: &str, text: &str) -> anyhow::Result<()> {
    if out.join(name).join(file).exists() {
        return Ok(());
    }
    put(out, name, file, text)
}

fn put(out: &Path, name: &str, file: &str, text: &str) -> anyhow::Result<()> {
    let folder = out.join(name);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    certs::save(&folder.join(file), text, 0o600)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use stack::Folder;

    use super::*;

    fn floor() -> Floor {
        let each = |all: &[&str]| all.iter().map(|addr| addr.parse().unwrap()).collect();
        Floor {
            haproxy: each(&["10.0.2.11", "10.0.2.12"]),
            postgres: each(&["10.0.2.31", "10.0.2.32", "10.0.2.33"]),
            redis: each(&["10.0.2.41", "10.0.2.42"]),
            sentinel: each(&["10.0.2.51", "10.0.2.52", "10.0.2.53"]),
            etcd: 3,
        }
    }

    /// Every file, by its folder and name.
    fn files(out: &Path) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for folder in fs::read_dir(out).unwrap() {
            for file in fs::read_dir(folder.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let name = path.strip_prefix(out).unwrap().display().to_string();
                files.insert(name, fs::read_to_string(path).unwrap());
            }
        }
        files
    }

    fn holders(files: &BTreeMap<String, String>, what: &str) -> Vec<String> {
        let holds = files.iter().filter(|(_, text)| text.contains(what.trim()));
        holds.map(|(name, _)| name.clone()).collect()
    }

    #[test]
    fn what_is_secret_is_where_it_is_needed_and_nowhere_else() {
        let out = Folder::scratch().unwrap();

        run(out.path(), &floor()).unwrap();

        let files = files(out.path());
        let secret = |name: &str| holders(&files, &files[&format!("authority/{name}")]);
        assert_eq!(
            secret("master-key"),
            ["authority/master-key", "user/master-key"]
        );
        assert_eq!(secret("ca.key"), ["authority/ca.key"]);
        assert_eq!(
            secret("password-order"),
            [
                "authority/password-order",
                "order/database-replica-urls",
                "order/database-urls"
            ]
        );
        assert_eq!(
            secret("password-superuser"),
            [
                "authority/password-superuser",
                "owner/database-owner-url",
                "postgres/superuser-password"
            ]
        );
        assert_eq!(
            secret("order.key"),
            ["authority/order.key", "order/peer.key"]
        );
        assert!(!files.contains_key("gateway/database-urls"));
    }

    #[test]
    fn done_again_it_keeps_secrets_and_what_sentinels_have_learnt() {
        let out = Folder::scratch().unwrap();
        run(out.path(), &floor()).unwrap();
        let before = files(out.path());
        let learnt = out.path().join("sentinel-1/sentinel.conf");
        fs::write(&learnt, "sentinel known-replica").unwrap();

        run(out.path(), &floor()).unwrap();

        let after = files(out.path());
        for name in [
            "user/master-key",
            "order/database-urls",
            "gateway/service-token",
        ] {
            assert_eq!(before[name], after[name], "{name}");
        }
        assert_eq!(after["sentinel-1/sentinel.conf"], "sentinel known-replica");
        assert_eq!(before["authority/ca.pem"], after["authority/ca.pem"]);
    }

    #[test]
    fn every_address_of_the_database_is_a_name_in_its_certificate_and_in_the_urls() {
        let floor = floor();

        let named = database(&floor);

        for addr in floor.haproxy.iter().chain(&floor.postgres) {
            assert!(named.contains(&addr.to_string()), "{addr}");
        }
        assert_eq!(
            urls(&floor, "order:x", 5433, "order"),
            "postgres://order:x@10.0.2.11:5433/order?sslmode=verify-full&sslrootcert=/run/secrets/ca.pem,\
             postgres://order:x@10.0.2.12:5433/order?sslmode=verify-full&sslrootcert=/run/secrets/ca.pem"
        );
    }
}
