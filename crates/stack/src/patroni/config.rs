//! How a node is set up. Patroni reads YAML, and JSON is YAML.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::Ground;
use crate::postgres::{Options, SHARED, SUPERUSER};
use crate::{Error, Tls};

/// What the cluster is called in etcd.
const SCOPE: &str = "house";
const NAMESPACE: &str = "/holdfast/";
/// The role by which a node follows another.
const REPLICATOR: &str = "replicator";
/// The name under which Patroni's own password is kept.
pub(super) const REST: &str = "patroni";

/// How fast a lost leader is missed; docs/decisions/failover-timings.md says what each costs.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// How many seconds a leader's lease lasts that nobody renews. Patroni 4 knows no shorter one than 20.
    pub ttl: u32,
    /// How many seconds lie between two looks of Patroni at the state of things.
    pub loop_wait: u32,
    /// How many seconds Patroni tries again to reach etcd or its Postgres. Twice this and one look must fit into the lease.
    pub retry_timeout: u32,
    /// How many standbys a commit waits for.
    pub standbys: u32,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            ttl: 20,
            loop_wait: 1,
            retry_timeout: 3,
            standbys: 1,
        }
    }
}

/// Where the parts of a node answer, and where they are told to find others.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) name: String,
    pub(crate) postgres: u16,
    pub(crate) rest: u16,
    /// The ports by which others reach both; the same, where there is no wire between.
    pub(crate) shown_postgres: u16,
    pub(crate) shown_rest: u16,
    /// The port by which other nodes follow its Postgres; likewise.
    pub(crate) followed: u16,
    /// The ports by which this node reaches etcd.
    pub(crate) etcd: Vec<u16>,
}

/// The key in etcd that names the leader.
pub(crate) fn leader_key() -> String {
    format!("{NAMESPACE}{SCOPE}/leader")
}

/// Writes the file of the node at `seat`, and answers where it is.
pub(super) fn write(seat: &Seat, ground: &Ground<'_>, data: &Path) -> Result<PathBuf, Error> {
    let file = data.with_extension("yml");
    let config = whole(seat, ground, data)?;
    fs::write(&file, format!("{config:#}")).map_err(Error::files(&file))?;
    let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&file, own).map_err(Error::files(&file))?;
    ground
        .account
        .map_or(Ok(()), |account| account.own(&file))?;
    Ok(file)
}

/// What all nodes agree on, in etcd.
pub fn agreed(options: &Options, timings: Timings) -> Value {
    json!({
        "ttl": timings.ttl,
        "loop_wait": timings.loop_wait,
        "retry_timeout": timings.retry_timeout,
        // A primary that has crashed is replaced, not waited for.
        "primary_start_timeout": 0,
        "synchronous_mode": true,
        "synchronous_node_count": timings.standbys,
        // Without it, writes would be acknowledged with no standby behind them for about 2 s after a promotion.
        "synchronous_mode_strict": true,
        // Without etcd the leader goes on for as long as it reaches every other node.
        "failsafe_mode": true,
        "check_timeline": true,
        "postgresql": {
            "use_pg_rewind": true,
            // A new leader would have none of them for its first two seconds, and nobody could follow it.
            "use_slots": false,
            "remove_data_directory_on_rewind_failure": true,
            "remove_data_directory_on_diverged_timelines": true,
            "parameters": parameters(options),
        },
    })
}

/// What must not be less on a server that replays another's log, and what is as well the same.
pub(crate) fn same_everywhere(options: &Options) -> Vec<(String, String)> {
    let shared = SHARED
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let own = [
        ("max_connections", options.connections.to_string()),
        ("shared_buffers", format!("{}MB", options.shared_megabytes)),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    shared.chain(own).collect()
}

fn parameters(options: &Options) -> Map<String, Value> {
    let flag = |on: bool| if on { "on" } else { "off" };
    let shared = same_everywhere(options)
        .into_iter()
        .map(|(name, value)| (name, json!(value)));
    let own = [
        // The memory of a node that has gone silent is short.
        ("wal_sender_timeout", json!("3s")),
        ("wal_receiver_timeout", json!("3s")),
        // In place of slots: how far a node may fall behind before it has to be made anew.
        ("wal_keep_size", json!("512MB")),
        ("fsync", json!(flag(options.durable))),
    ];
    let own = own
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    shared.chain(own).collect()
}

fn whole(seat: &Seat, ground: &Ground<'_>, data: &Path) -> Result<Value, Error> {
    let at = |port: u16| format!("127.0.0.1:{port}");
    let mut rest = json!({"listen": at(seat.rest), "connect_address": at(seat.shown_rest)});
    if let Some(passwords) = &ground.passwords {
        rest["authentication"] = json!({"username": REST, "password": passwords.of_or_new(REST)?});
    }
    let hosts: Vec<String> = seat.etcd.iter().map(|port| at(*port)).collect();
    Ok(json!({
        "scope": SCOPE,
        "namespace": NAMESPACE,
        "name": seat.name,
        "log": {"level": if ground.options.durable { "WARNING" } else { "INFO" }},
        "restapi": rest,
        // Only these, whatever etcd itself tells of its members: there may be wires between.
        "etcd3": {"hosts": hosts, "use_proxies": true},
        "bootstrap": {
            "dcs": agreed(ground.options, ground.timings),
            "initdb": initdb(ground),
        },
        "postgresql": postgresql(seat, ground, data)?,
        "watchdog": {"mode": "off"},
    }))
}

fn initdb(ground: &Ground<'_>) -> Vec<Value> {
    let sync = (!ground.options.durable).then(|| json!("no-sync"));
    let own = [
        json!({"encoding": "UTF8"}),
        json!({"locale": "C"}),
        json!("data-checksums"),
    ];
    own.into_iter().chain(sync).collect()
}

fn postgresql(seat: &Seat, ground: &Ground<'_>, data: &Path) -> Result<Value, Error> {
    let method = if ground.passwords.is_some() {
        "scram-sha-256"
    } else {
        "trust"
    };
    // Without TLS there is no line that lets anybody in.
    let host = if ground.tls.is_some() {
        "hostssl"
    } else {
        "host"
    };
    let mut own = shown(ground.tls.as_ref());
    if let Some(store) = ground.backups {
        own.append(&mut store.parameters(data, seat.postgres)?);
    }
    let mut basebackup = vec![json!({"checkpoint": "fast"})];
    basebackup.extend((!ground.options.durable).then(|| json!("no-sync")));
    Ok(json!({
        "listen": format!("127.0.0.1:{}", seat.postgres),
        // Patroni uses it for other nodes alone, and reaches its own Postgres where that listens.
        "connect_address": format!("127.0.0.1:{}", seat.followed),
        "data_dir": data,
        "bin_dir": ground.binaries.folder(),
        "pgpass": data.with_extension("pgpass"),
        "authentication": {
            "superuser": login(ground, SUPERUSER)?,
            "replication": login(ground, REPLICATOR)?,
            "rewind": login(ground, SUPERUSER)?,
        },
        "pg_hba": [
            format!("{host} all all 127.0.0.1/32 {method}"),
            format!("{host} replication all 127.0.0.1/32 {method}"),
        ],
        "parameters": own,
        "basebackup": basebackup,
    }))
}

fn login(ground: &Ground<'_>, role: &str) -> Result<Value, Error> {
    let secret = ground.passwords.as_ref().map(|all| all.of_or_new(role));
    let mut login = json!({"username": role});
    if let Some(password) = secret.transpose()? {
        login["password"] = json!(password);
    }
    if let Some(tls) = &ground.tls {
        login["sslmode"] = json!("verify-full");
        login["sslrootcert"] = json!(tls.authority);
    }
    Ok(login)
}

/// What a server shows to those who connect.
fn shown(tls: Option<&Tls>) -> Map<String, Value> {
    let Some(tls) = tls else { return Map::new() };
    let own = [
        ("ssl", json!("on")),
        ("ssl_min_protocol_version", json!("TLSv1.3")),
        ("ssl_cert_file", json!(tls.certificate)),
        ("ssl_key_file", json!(tls.key)),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    own.into_iter().collect()
}
