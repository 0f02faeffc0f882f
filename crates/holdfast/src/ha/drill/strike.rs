//! Doing something to a part, and undoing it: what is to be undone is noted before anything is done.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use drill::{Blow, Kind, Part};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::form::Form as _;
use super::processes::Processes;
use crate::certs;
use crate::ha::{Deed, Shop};
use crate::say;

/// How long a slowed process stands still, and goes on, in turn.
const STILL: Duration = Duration::from_millis(1_600);
const GOES: Duration = Duration::from_millis(100);
/// How many milliseconds later all comes, each way.
const DELAY: u64 = 500;
/// The same of a database, which an order asks some twenty times: with as much as the others no order would come to its end in
/// time, however well it is held.
const DELAY_OF_DATABASES: u64 = 50;
/// How many of a hundred pieces are lost.
const LOSS: u8 = 10;

/// What was done, and what undoes it.
#[derive(Debug)]
pub(super) struct Wound {
    names: Vec<String>,
    blow: Blow,
    /// What keeps doing it.
    task: Option<JoinHandle<()>>,
    /// Files as they were.
    files: Vec<(std::path::PathBuf, Vec<u8>)>,
}

impl Wound {
    /// Whether no standby gets what is committed from now on.
    fn is_without_standby(&self) -> bool {
        self.blow.part == Part::Standby || self.blow.kind == Kind::HoldBack
    }
}

impl Processes {
    /// Deals `blow` to what is called `names`.
    ///
    /// # Errors
    /// When it cannot be done here; it says why.
    pub(super) async fn wound(&self, blow: Blow, names: &[String]) -> anyhow::Result<()> {
        let mut wounds = self.wounds.lock().await;
        let without_standby = wounds.iter().any(Wound::is_without_standby);
        wounds.push(Wound {
            names: names.to_vec(),
            blow,
            task: None,
            files: Vec::new(),
        });
        let wound = wounds.last_mut().context("the wound of just now")?;
        for name in names {
            self.hurt(name.clone(), wound, without_standby).await?;
        }
        Ok(())
    }

    async fn hurt(
        &self,
        name: String,
        wound: &mut Wound,
        without_standby: bool,
    ) -> anyhow::Result<()> {
        let shop = &self.shop.running;
        let blow = wound.blow;
        let by = match blow.part {
            Part::Leader | Part::Standby | Part::Disk => DELAY_OF_DATABASES,
            _ => DELAY,
        };
        let deed = match blow.kind {
            // Its supervisor starts a leader again: lost for good, it is missed until its lease is over. But where its standby
            // is away it would lead again, and all would be there that no standby has.
            Kind::Kill => Deed::Kill {
                stay: blow.part != Part::Leader || without_standby,
                name,
            },
            Kind::RegistryGone => Deed::Kill { name, stay: true },
            Kind::Pause => Deed::Pause {
                stay: !matches!(blow.part, Part::Leader | Part::Standby),
                name,
            },
            Kind::Cut => Deed::Cut { name },
            Kind::OneWay => Deed::Mute { name },
            Kind::Delay | Kind::SlowDependency => Deed::Slow { name, by },
            Kind::Loss => Deed::Lose {
                name,
                percent: LOSS,
            },
            Kind::Slow => {
                wound.task = Some(tokio::spawn(in_pulses(shop.clone(), name)));
                return Ok(());
            }
            Kind::DiskFull => {
                return self
                    .disk
                    .as_ref()
                    .context("no disk can be filled here")?
                    .fill();
            }
            Kind::ClockJump => {
                return self
                    .clock
                    .as_ref()
                    .context("libfaketime is not installed")?
                    .jump();
            }
            Kind::DroppedCaches => {
                ensure!(shop.redis().flush().await, "no Redis leads");
                return Ok(());
            }
            Kind::Expired => return self.expire(wound),
            Kind::HoldBack => {
                shop.cluster().starve(&name);
                return Ok(());
            }
            Kind::CutShort => return cut_short(shop, &name).await,
            kind @ Kind::DnsGone => bail!(Self::refuses(kind).unwrap_or_default()),
        };
        shop.act(&deed).await.map(drop)
    }

    /// Puts a certificate that has expired in place of the edge's.
    fn expire(&self, wound: &mut Wound) -> anyhow::Result<()> {
        let folder = self.shop.certs.path();
        for (_, path) in certs::edge(folder) {
            wound.files.push((path.clone().into(), fs::read(path)?));
        }
        certs::expire_edge(folder)
    }

    /// Undoes all that was done and is not undone yet. Whoever is cancelled in it has forgotten nothing.
    pub(super) async fn undo_all(&self) {
        let mut wounds = self.wounds.lock().await;
        while let Some(wound) = wounds.first_mut() {
            self.undo(wound).await;
            wounds.remove(0);
        }
    }

    async fn undo(&self, wound: &mut Wound) {
        if let Some(mut task) = wound.task.take() {
            task.abort();
            // It may be at it just now.
            let _ = (&mut task).await;
        }
        match wound.blow.kind {
            Kind::DiskFull => {
                if let Some(disk) = &self.disk {
                    disk.clear();
                }
            }
            Kind::ClockJump => {
                if let Some(clock) = &self.clock {
                    complain(clock.set_right());
                }
            }
            Kind::Expired => {
                // The key first: a certificate without its key would be complained of.
                for (path, bytes) in wound.files.iter().rev() {
                    let text = String::from_utf8_lossy(bytes);
                    complain(certs::put_back(path, &text));
                }
            }
            Kind::DroppedCaches | Kind::DnsGone | Kind::CutShort => {}
            _ => {
                for name in wound.names.clone() {
                    let resumed = self.shop.running.act(&Deed::Resume { name }).await;
                    complain(resumed.map(drop));
                }
            }
        }
    }
}

/// Has every commit on the node called `name` wait no longer: it is to be seen there from now on, on whichever standby it is.
async fn cut_short(shop: &Shop, name: &str) -> anyhow::Result<()> {
    let node = shop.cluster().node(name).context("a database node")?;
    let cancel =
        "select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'";
    let count = node.run("postgres", cancel).await?;
    ensure!(count != "0", "no commit waits for a standby");
    Ok(())
}

/// Lets what is called `name` run for a moment out of each second or so, until it is aborted; whoever does so lets it go on.
async fn in_pulses(shop: Arc<Shop>, name: String) {
    let (name, stay) = (|| name.clone(), false);
    loop {
        complain(
            shop.act(&Deed::Pause { name: name(), stay })
                .await
                .map(drop),
        );
        sleep(STILL).await;
        complain(shop.act(&Deed::Resume { name: name() }).await.map(drop));
        sleep(GOES).await;
    }
}

/// Says what could not be done, and goes on: the others are to be healed too.
pub(super) fn complain(done: anyhow::Result<()>) {
    if let Err(error) = done {
        say::wrong(format_args!("drill: {error:#}"));
    }
}
