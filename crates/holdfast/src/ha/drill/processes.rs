//! The form of `make ha`: processes, with wires of our own between them.

use std::time::Duration;

use db::{Db, Settings};
use drill::{Blow, Door, Part, Service};
use sqlx::PgPool;
use stack::{Etcd, Folder};
use tokio::sync::Mutex;

use super::clock::Clock;
use super::disk::Disk;
use super::fallen::Fallen;
use super::form::{Facts, Form, Told, Way};
use super::strike::Wound;
use super::{Asked, apart, facts};
use crate::certs;
use crate::ha::{Given, RATES, SETTLED, Scratch, TOKEN};
use crate::house::Kind;

/// The database node whose disk can be filled.
const DISK_OF: &str = "pg-3";
/// The instance whose clock can jump.
const CLOCK_OF: &str = "order-2";

/// How often control looks at what changes slowly: a drill does not wait for it for long.
const CHORES: (&str, &str) = ("CHORES_EVERY", "3s");

/// All of it.
pub(super) struct Processes {
    pub(super) shop: Scratch,
    pub(super) disk: Option<Disk>,
    pub(super) clock: Option<Clock>,
    /// What was done, and is to be healed.
    pub(super) wounds: Mutex<Vec<Wound>>,
    settings: Facts,
    not_reached: Facts,
    _folder: Folder,
}

impl Form for Processes {
    const SETTLED: Duration = SETTLED;

    fn refuses(kind: drill::Kind) -> Option<&'static str> {
        match kind {
            drill::Kind::DnsGone => {
                Some("nothing is found by a name in this form: by addresses and etcd")
            }
            drill::Kind::ClockJump if !Clock::is_possible() => Some("libfaketime is not installed"),
            drill::Kind::DiskFull if !apart::is_possible() => Some(
                "a file system that can be filled is mounted by root only, with mounts of its own",
            ),
            _ => None,
        }
    }

    async fn open(asked: &Asked) -> anyhow::Result<Self> {
        let (folder, mut not_reached) = (Folder::scratch()?, Vec::new());
        let program = asked.program.clone();
        let mut given = Given::by(program.map_or_else(std::env::current_exe, Ok)?)?;
        let disk = disk(asked, &given, &folder, &mut not_reached);
        let clock = Clock::kept_in(folder.path())?;
        if let Some(clock) = &clock {
            let own = clock.settings().into_iter();
            given
                .own
                .extend(own.map(|setting| (CLOCK_OF.to_owned(), setting)));
            not_reached.push((
                "clock-jump of Postgres, etcd, Redis, HAProxy and the machine".to_owned(),
                "libfaketime is between one process, order-2, and the system; the others are started by what it cannot reach, or share the machine's clock".to_owned(),
            ));
        }
        let disks = disk
            .iter()
            .map(|disk| ("DISKS", disk.path().display().to_string()));
        let settings: Facts = [(CHORES.0, CHORES.1.to_owned())]
            .into_iter()
            .chain(disks)
            .map(|(name, value)| (name.to_owned(), value))
            .chain(asked.settings.clone())
            .collect();
        given.settings.clone_from(&settings);
        Ok(Self {
            shop: Scratch::open(given).await?,
            settings,
            disk,
            clock,
            wounds: Mutex::default(),
            not_reached,
            _folder: folder,
        })
    }

    fn doors(&self) -> &[Door] {
        &self.shop.fronts
    }

    fn not_reached(&self) -> Facts {
        self.not_reached.clone()
    }

    async fn strike(&self, blow: Blow) -> anyhow::Result<Fallen> {
        let names = self.names(blow.part).await?;
        let known = self.known(blow.part, &names);
        self.wound(blow, &names).await?;
        Ok(Fallen {
            known,
            ..Fallen::on(blow, names)
        })
    }

    async fn heal(&self) {
        self.undo_all().await;
    }

    async fn healed(&self) -> anyhow::Result<()> {
        self.shop.running.healed(&self.shop.fronts).await
    }

    async fn store(&self, name: &str) -> anyhow::Result<PgPool> {
        self.shop.running.store(name).await
    }

    async fn provide(&self, name: &str) -> anyhow::Result<Db> {
        let cluster = self.shop.running.cluster();
        cluster.provide(name).await?;
        Ok(Db::connect(Settings {
            primaries: cluster.primary_urls(name, name),
            ..Settings::default()
        }))
    }

    async fn locks(&self) -> anyhow::Result<Way> {
        let member = |member: &Etcd| format!("127.0.0.1:{}", member.port());
        let members = self.shop.running.cluster().etcd().iter().map(member);
        let members: Vec<String> = members.collect();
        Ok(Way {
            addrs: format!("etcd://{}", members.join(",")),
            token: TOKEN.to_owned(),
            certs: self.shop.certs.path().to_owned(),
        })
    }

    async fn told(&self) -> Told {
        Told {
            form: "etcd x3, Patroni and Postgres x3 (synchronous, strict), HAProxy x2, Redis x2, Sentinel x3, two of every service, as processes".to_owned(),
            durability: "every acknowledged commit is on a synchronous standby; fsync is off, since no machine is lost here",
            settings: facts::named(RATES.map(|(name, value)| (name, Some(value.to_owned()))))
                .into_iter()
                .chain(self.settings.clone())
                .collect(),
            versions: facts::versions(),
        }
    }

    async fn close(self) {
        self.shop.running.close().await;
    }
}

impl Processes {
    /// What else the ledger calls one of `names`, behind that name: its role, where it is, what it has.
    fn known(&self, part: Part, names: &[String]) -> Vec<(String, String)> {
        let others: Vec<String> = match part {
            Part::Leader => vec!["postgres".to_owned()],
            Part::Cache => {
                let servers = self.shop.running.redis().servers().iter();
                let struck =
                    servers.filter(|server| names.iter().any(|name| name == server.name()));
                let at = struck.map(|server| format!("redis@127.0.0.1:{}", server.port()));
                at.chain(["redis".to_owned()]).collect()
            }
            Part::Disk => {
                let disk = self.disk.iter();
                disk.map(|disk| format!("disk:{}", disk.path().display()))
                    .collect()
            }
            Part::Edge => {
                let [(_, edge), _] = certs::edge(self.shop.certs.path());
                vec![format!("certificate:{edge}")]
            }
            _ => Vec::new(),
        };
        let first = names.first().cloned().unwrap_or_default();
        let known = others.into_iter().map(|other| (first.clone(), other));
        known.collect()
    }

    /// The names of what is meant by `part`, now.
    async fn names(&self, part: Part) -> anyhow::Result<Vec<String>> {
        let running = &self.shop.running;
        Ok(vec![match part {
            Part::Leader => running.leader().await?,
            Part::Standby => running.standby().await?,
            Part::Cache => running.cache().await?,
            Part::Disk => DISK_OF.to_owned(),
            Part::Edge => "server.pem".to_owned(),
            Part::Registry => {
                let members = running.cluster().etcd().iter();
                return Ok(members.map(|member| member.name().to_owned()).collect());
            }
            Part::Every(service) => {
                let seats = running.house().seats(kind(service));
                return Ok(seats.iter().map(|seat| seat.name().to_owned()).collect());
            }
            Part::Sentinel(_)
            | Part::Etcd(_)
            | Part::HaProxy(_)
            | Part::Instance(..)
            | Part::Names => part.to_string(),
        }])
    }
}

fn kind(service: Service) -> Kind {
    match service {
        Service::Gateway => Kind::Gateway,
        Service::User => Kind::User,
        Service::Order => Kind::Order,
        Service::News => Kind::News,
        Service::Control => Kind::Control,
    }
}

/// A disk of one node's own, where mounts of our own are given; why it could not be had all the same, otherwise.
fn disk(
    asked: &Asked,
    given: &Given,
    folder: &Folder,
    not_reached: &mut Vec<(String, String)>,
) -> Option<Disk> {
    if !asked.apart {
        return None;
    }
    let made = Disk::below(given.folder.path(), DISK_OF, folder.path().join("disk"));
    made.map_err(|why| {
        not_reached.push(("the disk of a database node".to_owned(), format!("{why:#}")));
    })
    .ok()
}
