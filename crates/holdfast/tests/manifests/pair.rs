//! The pair of overlays/dev, run here by its own script: nothing is acknowledged that only one of both has, and the shop
//! takes orders on it.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use holdfast::house::{Ground, Keeper};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User, chown};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, query, query_scalar};
use tempfile::TempDir;
use testkit::free_port;
use tokio::time::{Instant, sleep};

use super::overlay::k8s;
use super::shop::Shop;

/// How long anything may take, on a machine that has much else to do.
const LIMIT: Duration = Duration::from_mins(3);
const PASSWORD: &str = "of this test alone";

/// Both servers; killed at the end.
struct Pair {
    folder: TempDir,
    ports: [u16; 2],
    servers: [Option<Child>; 2],
}

impl Pair {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        own(folder.path());
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        own(&folder.path().join("password"));
        let mut pair = Self {
            folder,
            ports: [free_port(), free_port()],
            servers: [None, None],
        };
        pair.run(1);
        pair.run(0);
        pair
    }

    /// Runs one as the container does.
    fn run(&mut self, number: usize) {
        let path = |name: &str| -> PathBuf { self.folder.path().join(name) };
        let log = fs::File::create(path(&format!("{number}.log"))).unwrap();
        let mut command = Command::new("sh");
        command
            .arg("-s")
            .env("POD", format!("postgres-{number}"))
            .env("PRIMARY", format!("host=127.0.0.1 port={}", self.ports[0]))
            .env("PASSWORD_FILE", path("password"))
            .env("PGDATA", path(&format!("data-{number}")))
            .env("PGPORT", self.ports[number].to_string())
            .stdin(fs::File::open(k8s().join("overlays/dev/postgres.sh")).unwrap())
            .stdout(Stdio::null())
            .stderr(log)
            .current_dir("/");
        if let Some(account) = account() {
            command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
        }
        self.servers[number] = Some(command.spawn().unwrap());
    }

    /// Kills one, with no chance to clean up.
    fn kill(&mut self, number: usize) {
        if let Some(mut server) = self.servers[number].take() {
            let pid = Pid::from_raw(server.id().try_into().unwrap());
            let _ = kill(pid, Signal::SIGKILL);
            let _ = server.wait();
        }
    }

    fn url(&self, number: usize, login: &str, database: &str) -> String {
        let port = self.ports[number];
        format!("postgres://{login}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    fn owner(&self, number: usize) -> String {
        self.url(
            number,
            &format!("postgres:{}", PASSWORD.replace(' ', "%20")),
            "postgres",
        )
    }

    /// Connects to one as soon as it lets in.
    async fn connect(&self, number: usize) -> PgConnection {
        let end = Instant::now() + LIMIT;
        loop {
            match PgConnection::connect(&self.owner(number)).await {
                Ok(connection) => return connection,
                Err(error) => assert!(Instant::now() < end, "{error}\n{}", self.said()),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Lets everybody in without a password from now on: the client's half of SCRAM takes so long in a debug build that
    /// services which all connect at once on a busy machine would not get in.
    async fn trust(&self, servers: [&mut PgConnection; 2]) {
        for (number, server) in servers.into_iter().enumerate() {
            let file = format!("data-{number}/pg_hba.conf");
            let anybody = "host all all 127.0.0.1/32 trust\n";
            fs::write(self.folder.path().join(file), anybody).unwrap();
            query("select pg_reload_conf()")
                .execute(server)
                .await
                .unwrap();
        }
    }

    fn said(&self) -> String {
        let log =
            |number: usize| fs::read_to_string(self.folder.path().join(format!("{number}.log")));
        [log(0), log(1)]
            .map(Result::unwrap_or_default)
            .join("\n---\n")
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.kill(0);
        self.kill(1);
    }
}

/// Whom Postgres runs as: it refuses to run as root.
fn account() -> Option<User> {
    let postgres = || User::from_name("postgres").unwrap().unwrap();
    Uid::effective().is_root().then(postgres)
}

fn own(path: &Path) {
    if let Some(account) = account() {
        chown(path, Some(account.uid), Some(account.gid)).unwrap();
    }
}

/// Waits until `sql` says yes.
async fn until(connection: &mut PgConnection, sql: &'static str) {
    let end = Instant::now() + LIMIT;
    while !query_scalar::<_, bool>(sql)
        .fetch_one(&mut *connection)
        .await
        .unwrap()
    {
        assert!(Instant::now() < end, "never: {sql}");
        sleep(Duration::from_millis(20)).await;
    }
}

const IN_STEP: &str = "select exists (select from pg_stat_replication where sync_state = 'sync' and state = 'streaming')";
const WAITS: &str = "select exists (select from pg_stat_activity where wait_event = 'SyncRep')";

#[tokio::test]
async fn the_pair_of_dev_acknowledges_what_both_have_and_a_shop_takes_orders_on_it() {
    let mut pair = Pair::start();
    let mut primary = pair.connect(0).await;
    until(&mut primary, IN_STEP).await;
    query("create table kept (id int)")
        .execute(&mut primary)
        .await
        .unwrap();

    pair.kill(1);

    let mut writer = pair.connect(0).await;
    let write = tokio::spawn(async move {
        query("insert into kept values (1)")
            .execute(&mut writer)
            .await
    });
    until(&mut primary, WAITS).await;
    assert!(!write.is_finished(), "acknowledged without the standby");
    pair.run(1);
    write.await.unwrap().unwrap();
    let mut standby = pair.connect(1).await;
    until(
        &mut standby,
        "select pg_is_in_recovery() and exists (select from kept)",
    )
    .await;

    pair.trust([&mut primary, &mut standby]).await;
    let shop = Shop::open(keepers(&pair, &mut primary).await).await;
    shop.order().await;
    shop.close().await;
}

/// Makes roles and databases as the migration jobs do.
async fn keepers(pair: &Pair, primary: &mut PgConnection) -> Vec<Keeper> {
    let mut keepers = Vec::new();
    for name in Ground::KEEPERS {
        for sql in [
            format!("create role \"{name}\" login password '{name}'"),
            format!("grant pg_read_all_stats to \"{name}\""),
            format!("create database \"{name}\" owner \"{name}\""),
        ] {
            query(AssertSqlSafe(sql))
                .execute(&mut *primary)
                .await
                .unwrap();
        }
        let url = |number| pair.url(number, &format!("{name}:{name}"), name);
        keepers.push(Keeper {
            name,
            primary: url(0),
            replica: url(1),
        });
    }
    keepers
}
