//! A data floor, three instances of control on it, and a resource that its lock protects.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::{Env, Setting};
use db::{Db, Settings};
use discovery::Channel;
use drill::LOCK_TABLES;
use holdfast::house::{Ground, House, Keeper, Kind, Place};
use stack::{Cluster, Folder, Part, Plan};
use tokio::time::{Instant, sleep};

/// How long anything may take to heal.
const HEALED: Duration = Duration::from_mins(1);
const INSTANCES: usize = 3;
const TOKEN: &str = "a token for tests only";
const NEIGHBOURS: &[Setting] = &[Setting::required("CONTROL_ADDRS", "Where the service is.")];

/// All of it.
pub(crate) struct Office {
    cluster: Cluster,
    house: House,
    pub(crate) resource: Db,
    _logs: Folder,
    closed: AtomicBool,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let cluster = Cluster::start(Plan::scratch().unwrap()).await.unwrap();
        for name in ["control", "order"] {
            cluster.provide(name).await.unwrap();
        }
        let keeper = Keeper {
            name: "control",
            primary: cluster.primary_urls("control", "control").join(","),
            replica: cluster.replica_urls("control", "control").join(","),
        };
        let logs = Folder::scratch().unwrap();
        let ground = Ground {
            keepers: vec![keeper.clone()],
            ..Ground::default()
        };
        let ground = ground.with("SERVICE_TOKEN", TOKEN).with("LOG", "warn");
        let env = Env::local([
            ("DATABASE_URLS", keeper.primary),
            ("DATABASE_REPLICA_URLS", keeper.replica),
        ]);
        chassis::migrate::<control::Service>(env).await.unwrap();
        let place = Place::Apart {
            program: env!("CARGO_BIN_EXE_holdfast").into(),
            logs: logs.path().to_owned(),
        };
        let house = House::empty(ground, place);
        for _ in 0..INSTANCES {
            house.add(Kind::Control, &[]).await.unwrap();
        }
        house.ready().await.unwrap();
        let leader = cluster.leader().await.unwrap();
        let grants = [
            "grant all on all tables in schema public to \"order\"",
            "grant all on all sequences in schema public to \"order\"",
        ];
        for statement in LOCK_TABLES.into_iter().chain(grants) {
            leader.run("order", statement).await.unwrap();
        }
        let resource = Db::connect(Settings {
            primaries: cluster.primary_urls("order", "order"),
            ..Settings::default()
        });
        Self {
            cluster,
            house,
            resource,
            _logs: logs,
            closed: AtomicBool::new(false),
        }
    }

    /// A way to all instances.
    pub(crate) fn channel(&self) -> Channel {
        let seats = self.house.seats(Kind::Control);
        let addrs: Vec<String> = seats.iter().map(|seat| seat.addr().to_string()).collect();
        let env = Env::local([
            ("CONTROL_ADDRS", addrs.join(",")),
            ("SERVICE_TOKEN", TOKEN.to_owned()),
        ]);
        env.knowing(NEIGHBOURS).channel("control").unwrap()
    }

    /// Kills the primary's postmaster, and answers the name of its node.
    pub(crate) async fn kill_primary(&self) -> String {
        let leader = self.cluster.leader().await.unwrap().clone();
        leader.kill(Part::Node).await;
        leader.name().to_owned()
    }

    /// Waits until another than `old` leads.
    pub(crate) async fn replaced(&self, old: &str) {
        let end = Instant::now() + HEALED;
        loop {
            let leader = self.cluster.leader().await;
            if leader.is_ok_and(|leader| leader.name() != old) {
                return;
            }
            assert!(Instant::now() < end, "{old} is still the leader");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Kills one instance of control for good.
    pub(crate) async fn kill_one_instance(&self) {
        self.house.seats(Kind::Control)[0].kill().await.unwrap();
    }

    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.house.stop().await;
        self.cluster.stop().await;
    }
}
