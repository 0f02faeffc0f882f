//! The form of `docker-compose.yml`: containers, as their engine kills, freezes and disconnects them.

use std::env;
use std::fs::{File, TryLockError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use db::{Db, Settings};
use drill::{Blow, Door, Goal, Kind, Part};
use sqlx::PgPool;
use stack::Folder;
use tokio::sync::Mutex;

use super::fallen::Fallen;
use super::form::{Facts, Form, Told, Way};
use super::strike::complain;
use super::{Asked, facts};
use crate::certs::{authority_of, save};
use crate::compose::{Container, FAILOVER, ONE, Place, SETTLED, Shop, run};
use crate::ha::RATES;
use crate::say;

/// Apart from the shop of whoever drills, and from that of tests.
const PLACE: Place = Place {
    project: "holdfast-drill",
    subnet: "10.215",
};
/// Whoever drills containers holds it: a second one would take the first one's for left behind.
const LOCK: &str = "holdfast-drill-compose";
/// The last numbers of the addresses at which this machine calls control, of which it knows no name.
const CONTROLS: u8 = 61;
/// The types of fault by which the ledger has a container that is away. Nothing is left at its address that could refuse.
const AWAY: &[&str] = &["instance_killed", "instance_cut", "instance_paused"];

/// All of it.
pub(super) struct Containers {
    shop: Shop,
    /// What the lock's clients prove themselves by.
    proofs: Folder,
    /// What was done, and is to be healed.
    wounds: Mutex<Vec<Wound>>,
    _alone: File,
}

/// What was done, and to whom, as they were before.
struct Wound {
    blow: Blow,
    containers: Vec<Container>,
}

impl Form for Containers {
    const SETTLED: Duration = SETTLED;

    fn refuses(kind: Kind) -> Option<&'static str> {
        Some(match kind {
            Kind::Kill | Kind::Pause | Kind::Cut | Kind::DroppedCaches | Kind::RegistryGone => {
                return None;
            }
            Kind::Slow => {
                "the engine needs longer to freeze a container and let it go than it may run between"
            }
            Kind::OneWay | Kind::Delay | Kind::Loss | Kind::SlowDependency | Kind::HoldBack => {
                "there are no wires of ours between containers, and they may not shape their own traffic"
            }
            Kind::DiskFull => "volumes are folders of the engine's own disk, which others need too",
            Kind::ClockJump => "containers share the machine's clock, and hold no libfaketime",
            Kind::Expired => "control has no certificate of the edge to look at in this form",
            Kind::CutShort => "nobody holds back here what its commits would wait for",
            Kind::DnsGone => "the engine's own name server is no part that can be taken away alone",
        })
    }

    /// A service is found by a name, which the engine takes from a container that is away: control cannot tell it from one that
    /// has left in order, unless it has missed it before.
    fn claims(blow: Blow) -> bool {
        let nameless = matches!(
            (blow.kind, blow.part),
            (Kind::Kill | Kind::Cut, Part::Instance(..))
        );
        !seen_as(blow).is_empty() && !nameless
    }

    async fn open(_asked: &Asked) -> anyhow::Result<Self> {
        let alone = alone()?;
        let (shop, took) = Shop::open(PLACE).await?;
        say::line(format_args!("  containers: {:.1} s", took.as_secs_f64()));
        let proofs = Folder::scratch()?;
        for (kept, name) in [("peer.pem", "order.pem"), ("peer.key", "order.key")] {
            let text = shop.kept("order", kept).await?;
            save(&proofs.path().join(name), &text, 0o600)?;
        }
        let authority = shop.kept("order", "ca.pem").await?;
        save(&authority_of(proofs.path()), &authority, 0o644)?;
        for number in 0..2 {
            let control = shop.container(&format!("control-{}", number + 1)).await?;
            let core = shop.network("core");
            control.leave(&core).await?;
            let address = controls_at(number);
            control.join_at(&core, Some(&address)).await?;
        }
        shop.healed().await?;
        Ok(Self {
            shop,
            proofs,
            wounds: Mutex::default(),
            _alone: alone,
        })
    }

    fn doors(&self) -> &[Door] {
        &self.shop.fronts
    }

    fn not_reached(&self) -> Facts {
        Facts::new()
    }

    async fn strike(&self, blow: Blow) -> anyhow::Result<Fallen> {
        let names = self.names(blow.part).await?;
        let mut containers = self.shop.containers().await?;
        containers.retain(|one| names.contains(&one.name));
        let mut wounds = self.wounds.lock().await;
        let without_standby = wounds.iter().any(|wound| wound.blow.part == Part::Standby);
        wounds.push(Wound {
            blow,
            containers: containers.clone(),
        });
        self.hurt(blow, &containers, without_standby).await?;
        Ok(Fallen {
            known: containers
                .iter()
                .flat_map(|one| self.known(blow.part, one))
                .collect(),
            seen_as: seen_as(blow),
            claimed: Self::claims(blow),
            goal: goal(blow),
            ..Fallen::on(blow, names)
        })
    }

    async fn heal(&self) {
        let mut wounds = self.wounds.lock().await;
        while let Some(wound) = wounds.first() {
            complain(undo(wound).await);
            wounds.remove(0);
        }
    }

    async fn healed(&self) -> anyhow::Result<()> {
        self.shop.healed().await
    }

    async fn store(&self, name: &str) -> anyhow::Result<PgPool> {
        self.shop.store(name).await
    }

    async fn provide(&self, name: &str) -> anyhow::Result<Db> {
        let leader = self.shop.store("postgres").await?;
        let made = sqlx::AssertSqlSafe(format!("create database {name}"));
        sqlx::query(made).execute(&leader).await?;
        Ok(Db::connect(Settings {
            primaries: self.shop.primary_urls(name),
            ..Settings::default()
        }))
    }

    async fn locks(&self) -> anyhow::Result<Way> {
        let addrs = [0, 1].map(|number| format!("{}:50051", controls_at(number)));
        let token = self.shop.kept("order", "service-token").await?;
        Ok(Way {
            addrs: addrs.join(","),
            token: token.trim().to_owned(),
            certs: self.proofs.path().to_owned(),
        })
    }

    async fn told(&self) -> Told {
        let all = self.shop.containers().await.unwrap_or_default();
        Told {
            form: "etcd x3, Patroni and Postgres x3 (synchronous, strict), HAProxy x2, Redis x2, Sentinel x3, two of every service, as containers".to_owned(),
            durability: "every acknowledged commit is on a synchronous standby; fsync is on",
            settings: facts::named(RATES.map(|(name, value)| (name, Some(value.to_owned())))),
            versions: facts::images(&all),
        }
    }

    async fn close(self) {
        // With the shop go its containers, networks and volumes.
        drop(self);
    }
}

impl Containers {
    /// The names of what is meant by `part`, now.
    async fn names(&self, part: Part) -> anyhow::Result<Vec<String>> {
        Ok(match part {
            Part::Leader => vec![self.shop.node("leader").await?],
            Part::Standby => vec![self.shop.node("sync_standby").await?],
            Part::Cache => vec![self.shop.cache().await?],
            Part::Registry => (1..=3).map(|number| format!("etcd-{number}")).collect(),
            Part::Sentinel(_) | Part::Etcd(_) | Part::HaProxy(_) | Part::Instance(..) => {
                vec![part.to_string()]
            }
            Part::Disk | Part::Every(_) | Part::Edge | Part::Names => {
                bail!("nothing is done to {part} in this form")
            }
        })
    }

    async fn hurt(
        &self,
        blow: Blow,
        containers: &[Container],
        without_standby: bool,
    ) -> anyhow::Result<()> {
        match blow.kind {
            Kind::Kill | Kind::RegistryGone => {
                all("kill", containers).await?;
                // As the engine does with what has crashed; anything else stays dead. Without its standby it would lead again.
                if blow.part == Part::Leader && !without_standby {
                    all("start", containers).await?;
                }
                Ok(())
            }
            Kind::Pause => all("pause", containers).await,
            Kind::Cut => {
                for one in containers {
                    for network in one.networks() {
                        one.leave(network).await?;
                    }
                }
                Ok(())
            }
            Kind::DroppedCaches => self.shop.flush().await,
            kind => bail!(Self::refuses(kind).unwrap_or_default()),
        }
    }

    /// What else the ledger calls one of them, behind its name: its role, or its service and where it is.
    fn known(&self, part: Part, container: &Container) -> Vec<(String, String)> {
        let role = match part {
            Part::Leader => Some("postgres".to_owned()),
            Part::Cache => Some("redis".to_owned()),
            _ => None,
        };
        let others = role.into_iter().chain(self.place(container));
        others
            .map(|other| (container.name.clone(), other))
            .collect()
    }

    /// Where the ledger has what has no name of its own there.
    fn place(&self, container: &Container) -> Option<String> {
        let (service, _) = container.name.split_once('-')?;
        let (network, port) = match service {
            "redis" => ("redis", 6379),
            "gateway" => ("core", 8080),
            _ => ("core", 50051),
        };
        let address = container.address(&self.shop.network(network))?;
        Some(format!("{service}@{address}:{port}"))
    }
}

/// Undoes it.
async fn undo(wound: &Wound) -> anyhow::Result<()> {
    match wound.blow.kind {
        Kind::Kill | Kind::RegistryGone => all("start", &wound.containers).await,
        Kind::Pause => all("unpause", &wound.containers).await,
        Kind::Cut => {
            for one in &wound.containers {
                for network in one.networks() {
                    one.join(network).await?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Has the engine do something to all of them.
async fn all(what: &str, containers: &[Container]) -> anyhow::Result<()> {
    let ids = containers.iter().map(|one| one.id.as_str());
    let words: Vec<&str> = ["docker", what].into_iter().chain(ids).collect();
    run(&words).await.map(drop)
}

/// Where control is called from this machine. Others know it by its name, and where it is matters to none.
fn controls_at(number: u8) -> String {
    format!("{}.1.{}", PLACE.subnet, CONTROLS + number)
}

/// The types of fault by one of which the ledger may have it.
fn seen_as(blow: Blow) -> &'static [&'static str] {
    match (blow.kind, blow.seen_as()) {
        (Kind::Kill | Kind::Cut | Kind::RegistryGone, ["instance_killed" | "instance_cut"]) => AWAY,
        (_, types) => types,
    }
}

/// What it may cost here: a leader's lease has to be over, for nobody ends what stands still.
fn goal(blow: Blow) -> Goal {
    Goal::seconds(if blow.part == Part::Leader {
        FAILOVER
    } else {
        ONE
    })
}

/// Keeps any other drill of containers on this machine away.
fn alone() -> anyhow::Result<File> {
    let path = env::temp_dir().join(LOCK);
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("containers are being drilled here already"),
        Err(TryLockError::Error(error)) => Err(error).context("drilling alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_has_a_name_of_its_own_in_the_ledger_is_claimed_and_a_service_only_while_it_has_its_address()
     {
        for kind in [Kind::Kill, Kind::Pause, Kind::Cut] {
            for part in kind.parts() {
                let away = kind != Kind::Pause && matches!(part, Part::Instance(..));
                let watched = !matches!(part, Part::Sentinel(_));
                let blow = Blow { kind, part };
                assert_eq!(Containers::claims(blow), watched && !away, "{blow}");
            }
        }
        assert!(
            seen_as(Blow {
                kind: Kind::Kill,
                part: Part::Etcd(2)
            })
            .contains(&"instance_cut")
        );
    }
}
