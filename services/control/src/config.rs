//! What the environment may set of this service.

mod watched;

use chassis::{Env, Setting, Wrong};
use db::Settings;
use discovery::Channel;

pub use watched::{Chores, Part, Patroni, Service, Watched};

/// The settings of this service, beside those that all services share.
pub const SETTINGS: &[Setting] = &[
    Setting::required(
        "DATABASE_URLS",
        "Where the primary of the database answers: `postgres://` URLs with commas between, tried in turn.",
    )
    .secret(),
    Setting::optional(
        "DATABASE_REPLICA_URLS",
        "Where replicas of it answer; without any, all reads go to the primary.",
    )
    .secret(),
    Setting::new(
        "DATABASE_CONNECTIONS",
        "8",
        "How many connections at most, to each address of the database.",
    ),
    Setting::optional(
        "USER_ADDRS",
        "Where the user service is: `host:port`, commas between several, or a [directory](directories.md). Each instance is asked twice a second whether it is there, and all together for the acts of administrators; without this setting none is. So with those below.",
    ),
    Setting::optional("ORDER_ADDRS", "Where the order service is, likewise."),
    Setting::optional("NEWS_ADDRS", "Where the news service is, likewise."),
    Setting::optional("GATEWAY_ADDRS", "Where gateways are, likewise."),
    Setting::optional(
        "GATEWAY_TLS_CA",
        "A file with the authority (PEM) that certifies the gateways, where they speak HTTPS.",
    ),
    Setting::new(
        "GATEWAY_TLS_NAME",
        "localhost",
        "The name that stands in their certificate.",
    ),
    Setting::new(
        "GATEWAY_PROXY_PROTOCOL",
        "false",
        "Whether they expect a PROXY header from this service.",
    ),
    Setting::optional(
        "WATCHED",
        "Other parts to ask, by name: `haproxy-1=host:port` for one that takes connections, `etcd-1=http://host:port/health` for one that answers HTTP; commas between.",
    ),
    Setting::optional(
        "RESTS_ON",
        "What rests on what, by the names of the ledger: `postgres=etcd-1+etcd-2+etcd-3,control-database=haproxy-1+haproxy-2`; commas between. A fault of the first follows from one of the others, where at least half of them have one.",
    ),
    Setting::optional(
        "PATRONI_URLS",
        "Where the Patroni of each database node answers, by the node's name: `pg-1=http://host:8008,pg-2=...`.",
    ),
    Setting::new(
        "REPLICATION_LAG",
        "16777216",
        "How many bytes a database node may be behind the primary for longer than 3 s.",
    ),
    Setting::optional(
        "REDIS_URL",
        "Where Sentinels answer, `redis+sentinel://host:port,host:port/name`, who are asked how the Redis servers are. A server's own address is not watched.",
    )
    .secret(),
    Setting::optional(
        "FAULT_SPOOL",
        "The file in which faults wait while the database is away, or the folder of it; in the system's temporary folder when not set, under the name of this instance.",
    ),
    Setting::optional("DISKS", "Folders whose disks are watched, commas between."),
    Setting::new("DISK_FREE", "10", "How much of a disk has to be free, in percent."),
    Setting::optional(
        "CERTIFICATES",
        "Files with certificates (PEM) whose end is watched, commas between; PEER_TLS_CERT is too.",
    ),
    Setting::new("CERTIFICATE_LEFT", "14d", "For how long they must still be good."),
    Setting::optional(
        "BACKUP_STAMP",
        "A file that is written anew after each backup, with the list of all; its age is watched.",
    ),
    Setting::new("BACKUP_AGE", "26h", "How old it may be."),
    Setting::new("CHORES_EVERY", "30s", "How often disks, certificates and backups are looked at."),
];

/// The way to the services that keep an audit.
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// To the user service.
    pub user: Channel,
    /// To the order service.
    pub order: Channel,
    /// To the news service.
    pub news: Channel,
}

impl Neighbours {
    /// Reads the settings.
    ///
    /// # Errors
    /// The first one that is wrong.
    pub fn read(env: &Env) -> Result<Self, Wrong> {
        Ok(Self {
            user: env.channel_if_any("user")?,
            order: env.channel_if_any("order")?,
            news: env.channel_if_any("news")?,
        })
    }
}

/// What the settings say.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the database is.
    pub database: Settings,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// The first one that is wrong.
    pub fn read(env: &Env) -> Result<Self, Wrong> {
        let database = Settings {
            primaries: env.get("DATABASE_URLS")?,
            replicas: env.optional("DATABASE_REPLICA_URLS")?.unwrap_or_default(),
            connections: env.get("DATABASE_CONNECTIONS")?,
            ..Settings::default()
        };
        database
            .check()
            .map_err(|error| Wrong::new(error.to_string()))?;
        Ok(Self { database })
    }
}
