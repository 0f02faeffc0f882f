//! What may be done to a part of the running shop.

use std::time::Duration;

use anyhow::{Context as _, bail};
use stack::{Node, Part, Process, Wire};

use super::Shop;

/// Something done to a part of the running shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Kills it; unless it is to stay dead, it is started again.
    Kill {
        /// Which part.
        name: String,
        /// Whether it stays dead.
        stay: bool,
    },
    /// Freezes it; unless it is to stay so, a database node is killed and started again.
    Pause {
        /// Which part.
        name: String,
        /// Whether it stays so.
        stay: bool,
    },
    /// Undoes what was done to it.
    Resume {
        /// Which part.
        name: String,
    },
    /// Cuts its wires.
    Cut {
        /// Which part.
        name: String,
    },
    /// Slows its wires.
    Slow {
        /// Which part.
        name: String,
        /// By how many milliseconds, each way.
        by: u64,
    },
    /// Has another database node lead.
    SwitchOver,
}

impl Deed {
    /// Writes it in words, as [`Self::read`] reads it.
    pub fn words(&self) -> String {
        let tail = |stay: &bool| if *stay { " stay" } else { "" };
        match self {
            Self::Kill { name, stay } => format!("kill {name}{}", tail(stay)),
            Self::Pause { name, stay } => format!("pause {name}{}", tail(stay)),
            Self::Resume { name } => format!("resume {name}"),
            Self::Cut { name } => format!("cut {name}"),
            Self::Slow { name, by } => format!("slow {name} {by}"),
            Self::SwitchOver => "switchover".to_owned(),
        }
    }

    /// Reads words.
    pub fn read(words: &str) -> Option<Self> {
        let words: Vec<&str> = words.split_whitespace().collect();
        let name = (*words.get(1).unwrap_or(&"")).to_owned();
        let stay = words.get(2) == Some(&"stay");
        Some(match *words.first()? {
            "kill" => Self::Kill { name, stay },
            "pause" => Self::Pause { name, stay },
            "resume" => Self::Resume { name },
            "cut" => Self::Cut { name },
            "slow" => {
                let by = words.get(2)?.parse().ok()?;
                Self::Slow { name, by }
            }
            "switchover" => Self::SwitchOver,
            _ => return None,
        })
    }
}

/// A part by its name.
enum Target<'a> {
    Node(&'a Node, Part),
    Process(&'a Process),
}

impl Shop {
    /// Does `deed`, and says what was done.
    ///
    /// # Errors
    /// When there is no such part, or it cannot be done to it.
    pub async fn act(&self, deed: &Deed) -> anyhow::Result<String> {
        match deed {
            Deed::Kill { name, stay } => self.target(name)?.kill(*stay).await,
            Deed::Pause { name, stay } => self.target(name)?.pause(*stay),
            Deed::Resume { name } => {
                self.wires(name).iter().for_each(|wire| wire.heal());
                if self.cluster.node(name).is_some() {
                    self.cluster.heal();
                }
                self.target(name)?.resume();
            }
            Deed::Cut { name } => {
                self.some_wires(name)?.iter().for_each(|wire| wire.cut());
                if self.cluster.node(name).is_some() {
                    self.cluster.cut(name);
                }
            }
            Deed::Slow { name, by } => {
                let by = Duration::from_millis(*by);
                self.some_wires(name)?
                    .iter()
                    .for_each(|wire| wire.delay(by));
            }
            Deed::SwitchOver => self.cluster.switch_over().await?,
        }
        Ok(format!("done: {}", deed.words()))
    }

    fn target(&self, name: &str) -> anyhow::Result<Target<'_>> {
        let (base, part) = match name.split_once('.') {
            None => (name, Part::Node),
            Some((base, "postgres")) => (base, Part::Postgres),
            Some((base, "patroni")) => (base, Part::Patroni),
            Some((_, other)) => bail!("`{other}` is no half of a node: `postgres` or `patroni`"),
        };
        if let Some(node) = self.cluster.node(base) {
            return Ok(Target::Node(node, part));
        }
        let seat = self.house.all().iter().find(|seat| seat.name() == name);
        let process = seat.and_then(|seat| seat.process());
        let process = process.or_else(|| self.cluster.process(name));
        let process = process.map(|process| &**process);
        let process = process.or_else(|| self.redis.process(name));
        let process = process
            .with_context(|| format!("`{name}` is no part of the shop: see `holdfast status`"))?;
        Ok(Target::Process(process))
    }

    fn wires(&self, name: &str) -> Vec<&Wire> {
        let seat = self.house.all().iter().find(|seat| seat.name() == name);
        let seat = seat.and_then(|seat| seat.wire());
        let redis = self.redis.wire(name);
        let data = self.cluster.wires(name).iter().chain(redis);
        data.chain(seat).collect()
    }

    fn some_wires(&self, name: &str) -> anyhow::Result<Vec<&Wire>> {
        let wires = self.wires(name);
        if wires.is_empty() {
            bail!(
                "there are no wires around `{name}`; there are around database nodes, Redis and services"
            );
        }
        Ok(wires)
    }
}

impl Target<'_> {
    /// Keeps whoever sees to it away, or lets them come again.
    fn hold(&self, stay: bool) {
        let process = match self {
            Self::Node(node, _) => node.process(),
            Self::Process(process) => *process,
        };
        if stay {
            process.hold();
        } else {
            process.let_go();
        }
    }

    async fn kill(&self, stay: bool) {
        self.hold(stay);
        match self {
            Self::Node(node, part) => node.kill(*part).await,
            Self::Process(process) => process.kill().await,
        }
    }

    fn pause(&self, stay: bool) {
        self.hold(stay);
        match self {
            Self::Node(node, part) => node.pause(*part),
            Self::Process(process) => process.pause(),
        }
    }

    fn resume(&self) {
        match self {
            Self::Node(node, part) => node.resume(*part),
            Self::Process(process) => process.resume(),
        }
        self.hold(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_that_was_written_is_read_as_the_same() {
        let name = || "pg-1.postgres".to_owned();
        for stay in [true, false] {
            for deed in [
                Deed::Kill { name: name(), stay },
                Deed::Pause { name: name(), stay },
                Deed::Resume { name: name() },
                Deed::Cut { name: name() },
                Deed::Slow {
                    name: name(),
                    by: 500,
                },
                Deed::SwitchOver,
            ] {
                assert_eq!(Deed::read(&deed.words()), Some(deed));
            }
        }
        assert_eq!(Deed::read("burn pg-1"), None);
        assert_eq!(Deed::read(""), None);
    }
}
