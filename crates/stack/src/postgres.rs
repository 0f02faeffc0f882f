//! Postgres: a primary with one synchronous streaming replica.

pub(crate) mod binaries;
pub(crate) mod passwords;
pub(crate) mod psql;
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use self::binaries::Binaries;
use self::passwords::Passwords;
pub use self::server::Server;
use crate::account::Account;
use crate::process::LOOK;
use crate::{Error, Folder, Launch, free_port};

/// The role that makes the others.
pub(crate) const SUPERUSER: &str = "postgres";
/// The name of the replica, of its slot and of its seat among the synchronous standbys.
const REPLICA: &str = "replica";
/// How long the replica may take to catch up with the primary before it is made anew.
const CATCH_UP: Duration = Duration::from_secs(20);

/// How a pair is to be run.
#[derive(Debug)]
pub struct Options {
    /// Where both keep their data.
    pub folder: Folder,
    /// Whether what is committed outlives the machine; a test's data need not.
    pub durable: bool,
    /// Whether roles have passwords; without them, whoever reaches the loopback is let in.
    pub passwords: bool,
    /// How many connections each of both takes.
    pub connections: u32,
    /// The memory that each of both shares among its connections.
    pub shared_megabytes: u32,
}

impl Options {
    /// A pair for tests: quick, in a scratch folder, without passwords.
    ///
    /// # Errors
    /// When the scratch folder cannot be made.
    pub fn scratch() -> Result<Self, Error> {
        let folder = Folder::scratch()?;
        let (connections, shared_megabytes) = (400, 64);
        Ok(Self {
            folder,
            durable: false,
            passwords: false,
            connections,
            shared_megabytes,
        })
    }

    /// A pair whose data stays in `folder`.
    pub fn kept(folder: Folder) -> Self {
        let (connections, shared_megabytes) = (200, 128);
        Self {
            folder,
            durable: true,
            passwords: true,
            connections,
            shared_megabytes,
        }
    }
}

/// A running pair. Dropped, both are killed.
#[derive(Debug)]
pub struct Postgres {
    primary: Server,
    replica: Server,
    _options: Options,
}

impl Postgres {
    /// Starts the pair, making it first where the folder is empty, and returns when the replica is in step.
    ///
    /// # Errors
    /// When Postgres is not installed, or one of both does not come up.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let maker = Maker::new(&options)?;
        let primary = maker.primary().await?;
        let replica = maker.replica(&primary).await?;
        Ok(Self {
            primary,
            replica,
            _options: options,
        })
    }

    /// The server that takes writes.
    pub fn primary(&self) -> &Server {
        &self.primary
    }

    /// The server that follows, without which no commit is acknowledged.
    pub fn replica(&self) -> &Server {
        &self.replica
    }

    /// Makes the role `name` and the database `name` that it owns, where they are not there yet.
    ///
    /// # Errors
    /// When the primary refuses.
    pub async fn provide(&self, name: &str) -> Result<(), Error> {
        self.primary.psql().provide(name).await
    }

    /// Starts again whichever of both has ended by itself.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn revive(&self) -> Result<(), Error> {
        for server in [&self.primary, &self.replica] {
            if !server.alive() {
                tracing::warn!(
                    said = server.said(),
                    "a Postgres server has ended: starting it again"
                );
                server.restart().await?;
            }
        }
        Ok(())
    }

    /// Ends both in order, the primary first, so that the replica has all of it.
    pub async fn stop(&self) {
        self.primary.stop().await;
        self.replica.stop().await;
    }
}

/// What is needed to make and start both.
struct Maker<'a> {
    options: &'a Options,
    binaries: Binaries,
    account: Option<Account>,
    passwords: Option<Passwords>,
}

impl<'a> Maker<'a> {
    fn new(options: &'a Options) -> Result<Self, Error> {
        let account = Account::for_postgres()?;
        let folder = options.folder.path();
        account.map_or(Ok(()), |account| account.own(folder))?;
        let passwords = options
            .passwords
            .then(|| Passwords::inside(folder, account));
        Ok(Self {
            options,
            binaries: Binaries::find()?,
            account,
            passwords,
        })
    }

    async fn primary(&self) -> Result<Server, Error> {
        let data = self.data("primary");
        if !data.join("PG_VERSION").exists() {
            self.init(&data).await?;
        }
        let port = free_port()?;
        let launch = self
            .launch(&data, port)
            .args(setting("synchronous_standby_names", REPLICA));
        let server = self.start(data, port, launch).await?;
        let slot = format!(
            "select pg_create_physical_replication_slot('{REPLICA}', true)
             where not exists (select from pg_replication_slots where slot_name = '{REPLICA}')"
        );
        server.run("postgres", &slot).await?;
        Ok(server)
    }

    async fn replica(&self, primary: &Server) -> Result<Server, Error> {
        let data = self.data("replica");
        if !data.join("standby.signal").exists() {
            self.copy(primary, &data).await?;
        }
        match self.follow(primary, &data).await {
            Ok(replica) => Ok(replica),
            Err(error) => {
                tracing::warn!(%error, "the replica cannot follow any more: making it anew");
                self.copy(primary, &data).await?;
                self.follow(primary, &data).await
            }
        }
    }

    /// Starts the replica on `data` and waits until the primary counts on it.
    async fn follow(&self, primary: &Server, data: &Path) -> Result<Server, Error> {
        let port = free_port()?;
        let source = format!(
            "host=127.0.0.1 port={} user={SUPERUSER} application_name={REPLICA}",
            primary.port()
        );
        let secret = self
            .passwords
            .as_ref()
            .map(|all| format!(" passfile={}", all.file().display()));
        let launch = self
            .launch(data, port)
            .args(setting(
                "primary_conninfo",
                &(source + secret.as_deref().unwrap_or_default()),
            ))
            .args(setting("primary_slot_name", REPLICA));
        let replica = self.start(data.to_owned(), port, launch).await?;
        let end = Instant::now() + CATCH_UP;
        let counted =
            "select 1 from pg_stat_replication where sync_state = 'sync' and state = 'streaming'";
        while primary.run("postgres", counted).await?.is_empty() {
            if Instant::now() > end {
                let (seconds, said) = (CATCH_UP.as_secs(), replica.said());
                return Err(Error::Late {
                    program: "the replica".into(),
                    seconds,
                    said,
                });
            }
            sleep(LOOK).await;
        }
        Ok(replica)
    }

    /// Makes an empty cluster in `data`.
    async fn init(&self, data: &Path) -> Result<(), Error> {
        let mut args = vec![
            format!("--pgdata={}", data.display()),
            format!("--username={SUPERUSER}"),
        ];
        args.extend(["--encoding=UTF8", "--locale=C", "--auth-local=reject"].map(str::to_owned));
        match &self.passwords {
            Some(passwords) => {
                let secret = self.options.folder.path().join("first-password");
                fs::write(&secret, passwords.of_or_new(SUPERUSER)?)
                    .map_err(Error::files(&secret))?;
                fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))
                    .map_err(Error::files(&secret))?;
                self.account
                    .map_or(Ok(()), |account| account.own(&secret))?;
                // Kept as SCRAM keeps it, but sent as it is, over the loopback: the client's half of SCRAM takes so long
                // in a debug build that services which all connect at once would never get in.
                args.push("--auth-host=password".to_owned());
                args.push(format!("--pwfile={}", secret.display()));
            }
            None => args.extend(["--auth-host=trust", "--no-sync"].map(str::to_owned)),
        }
        self.binaries.run("initdb", self.account, &[], args).await?;
        let _ = fs::remove_file(self.options.folder.path().join("first-password"));
        Ok(())
    }

    /// Copies the running primary into `data`, in place of what is there.
    async fn copy(&self, primary: &Server, data: &Path) -> Result<(), Error> {
        if data.exists() {
            fs::remove_dir_all(data).map_err(Error::files(data))?;
        }
        let (port, target) = (primary.port().to_string(), data.display().to_string());
        let from = [
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            SUPERUSER,
            "-S",
            REPLICA,
        ];
        let how = ["-D", &target, "--wal-method=stream", "--checkpoint=fast"];
        let quick = (!self.options.durable).then_some("--no-sync");
        let env = self
            .passwords
            .iter()
            .flat_map(Passwords::env)
            .collect::<Vec<_>>();
        let args = from.into_iter().chain(how).chain(quick);
        self.binaries
            .run("pg_basebackup", self.account, &env, args)
            .await?;
        let signal = data.join("standby.signal");
        fs::write(&signal, "").map_err(Error::files(&signal))?;
        self.account.map_or(Ok(()), |account| account.own(&signal))
    }

    async fn start(&self, data: PathBuf, port: u16, launch: Launch) -> Result<Server, Error> {
        Server::start(&self.binaries, self.passwords.clone(), data, port, launch).await
    }

    /// All settings are arguments: nothing in a kept folder can be of another version than this program.
    fn launch(&self, data: &Path, port: u16) -> Launch {
        let mut launch = Launch::new(self.binaries.path("postgres"), data.with_extension("log"));
        launch.account = self.account;
        let flag = |on: bool| if on { "on" } else { "off" }.to_owned();
        let own = [
            ("port", port.to_string()),
            ("max_connections", self.options.connections.to_string()),
            (
                "shared_buffers",
                format!("{}MB", self.options.shared_megabytes),
            ),
            ("fsync", flag(self.options.durable)),
            ("full_page_writes", flag(self.options.durable)),
        ];
        launch
            .inside("/")
            .env("LC_ALL", "C")
            .args(["-D".to_owned(), data.display().to_string()])
            .args(own.iter().flat_map(|(name, value)| setting(name, value)))
            .args(
                SETTINGS
                    .iter()
                    .chain(&SHARED)
                    .flat_map(|(name, value)| setting(name, value)),
            )
    }

    fn data(&self, name: &str) -> PathBuf {
        self.options.folder.path().join(name)
    }
}

/// What is the same for both.
const SETTINGS: [(&str, &str); 3] = [
    ("listen_addresses", "127.0.0.1"),
    ("wal_sender_timeout", "10s"),
    ("wal_receiver_timeout", "10s"),
];

/// What is the same for every server of ours.
pub(crate) const SHARED: [(&str, &str); 12] = [
    // A project's path may be longer than a socket's may be.
    ("unix_socket_directories", ""),
    ("timezone", "UTC"),
    ("wal_level", "replica"),
    ("wal_log_hints", "on"),
    ("max_wal_senders", "8"),
    ("max_replication_slots", "8"),
    // A replica that stays away for ever must not fill the disk; it is made anew.
    ("max_slot_wal_keep_size", "1GB"),
    ("hot_standby", "on"),
    ("hot_standby_feedback", "on"),
    ("wal_receiver_status_interval", "1s"),
    ("wal_retrieve_retry_interval", "100ms"),
    ("jit", "off"),
];

fn setting(name: &str, value: &str) -> [String; 2] {
    ["-c".to_owned(), format!("{name}={value}")]
}
