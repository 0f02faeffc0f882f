//! Redis and its Sentinels: over TLS and with a password only, as in `make ha`.

use std::net::IpAddr;

use super::volume::Volumes;
use super::{Floor, SECRETS};

/// How Sentinels call the primary, and how many have to miss it.
const PRIMARY: &str = "holdfast";
const QUORUM: u8 = 2;

const SERVER: &str = include_str!("redis.conf");
const SENTINEL: &str = include_str!("sentinel.conf");

/// Fills the volumes of both Redis and of their Sentinels. What these have written since stays.
pub(super) fn fill(volumes: &Volumes<'_>, floor: &Floor) -> anyhow::Result<()> {
    let password = volumes.secret("password-redis")?;
    let first = floor.redis[0];
    for (at, addr) in (1..).zip(&floor.redis) {
        let text = server(*addr, (at > 1).then_some(first), &password);
        one(volumes, &format!("redis-{at}"), "redis.conf", &text)?;
    }
    for (at, addr) in (1..).zip(&floor.sentinel) {
        let text = sentinel(*addr, first, &password);
        one(volumes, &format!("sentinel-{at}"), "sentinel.conf", &text)?;
    }
    Ok(())
}

/// Where clients hear from the Sentinels which Redis leads.
pub(super) fn url(floor: &Floor, password: &str) -> String {
    let each = floor.sentinel.iter().map(|addr| format!("{addr}:26379"));
    let each: Vec<String> = each.collect();
    format!(
        "rediss+sentinel://:{password}@{}/{PRIMARY}?ssl_ca_certs={SECRETS}/ca.pem&sentinel_password={password}",
        each.join(",")
    )
}

fn one(volumes: &Volumes<'_>, volume: &str, file: &str, text: &str) -> anyhow::Result<()> {
    volumes.certificate(volume, "redis", "redis")?;
    volumes.authority(volume)?;
    volumes.begin(volume, file, text)
}

/// Nothing plain is left; replicas and Sentinels come by TLS as well.
fn door(port: u16, password: &str) -> String {
    format!(
        "port 0
tls-port {port}
tls-replication yes
tls-auth-clients no
tls-protocols \"TLSv1.3\"
tls-cert-file /data/redis.pem
tls-key-file /data/redis.key
tls-ca-cert-file /data/ca.pem
requirepass {password}
"
    )
}

fn server(own: IpAddr, follows: Option<IpAddr>, password: &str) -> String {
    let follows = follows.map(|addr| format!("replicaof {addr} 6379\n"));
    format!(
        "{SERVER}{}masterauth {password}\nreplica-announce-ip {own}\n{}",
        door(6379, password),
        follows.unwrap_or_default()
    )
}

fn sentinel(own: IpAddr, primary: IpAddr, password: &str) -> String {
    format!(
        "{SENTINEL}{}sentinel announce-ip {own}
sentinel monitor {PRIMARY} {primary} 6379 {QUORUM}
sentinel auth-pass {PRIMARY} {password}
sentinel down-after-milliseconds {PRIMARY} 500
sentinel failover-timeout {PRIMARY} 2000
sentinel parallel-syncs {PRIMARY} 1
",
        door(26379, password)
    )
}
