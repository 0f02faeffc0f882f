//! What may be done to a part of the running shop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use stack::{Node, Part, Process, Way, Wire};

use super::Shop;
use crate::house::{Kind, Seat};

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
    /// Lets what it answers stand still; what is sent to it arrives.
    Mute {
        /// Which part.
        name: String,
    },
    /// Loses a part of what its wires carry, which is sent again.
    Lose {
        /// Which part.
        name: String,
        /// How many of a hundred pieces.
        percent: u8,
    },
    /// Has another database node lead.
    SwitchOver,
    /// Has so many instances of a service.
    Scale {
        /// Which service.
        kind: Kind,
        /// How many.
        count: usize,
    },
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
            Self::Mute { name } => format!("mute {name}"),
            Self::Lose { name, percent } => format!("lose {name} {percent}"),
            Self::SwitchOver => "switchover".to_owned(),
            Self::Scale { kind, count } => format!("scale {} {count}", kind.name()),
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
            "mute" => Self::Mute { name },
            "lose" => {
                let percent = words.get(2)?.parse().ok()?;
                Self::Lose { name, percent }
            }
            "switchover" => Self::SwitchOver,
            "scale" => {
                let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
                let count = words.get(2)?.parse().ok()?;
                Self::Scale { kind, count }
            }
            _ => return None,
        })
    }
}

/// A part of the shop.
enum Target<'a> {
    Node(&'a Node, Part),
    Process(&'a Process),
}

/// A name, and the instance of a service that it may be the name of.
struct Named<'a> {
    shop: &'a Shop,
    name: &'a str,
    seat: Option<Arc<Seat>>,
}

impl Shop {
    /// Does `deed`, and says what was done.
    ///
    /// # Errors
    /// When there is no such part, or it cannot be done to it.
    pub async fn act(&self, deed: &Deed) -> anyhow::Result<String> {
        match deed {
            Deed::Kill { name, stay } => self.named(name).target()?.kill(*stay).await,
            Deed::Pause { name, stay } => self.named(name).target()?.pause(*stay),
            Deed::Resume { name } => {
                let named = self.named(name);
                named.wires().iter().for_each(|wire| wire.heal());
                if self.cluster.node(name).is_some() {
                    self.cluster.heal();
                }
                named.target()?.resume();
            }
            Deed::Cut { name } => {
                let named = self.named(name);
                named.some_wires()?.iter().for_each(|wire| wire.cut());
                if self.cluster.node(name).is_some() {
                    self.cluster.cut(name);
                }
            }
            Deed::Slow { name, by } => {
                let (named, by) = (self.named(name), Duration::from_millis(*by));
                for wire in named.some_wires()? {
                    wire.delay(by);
                }
            }
            Deed::Mute { name } => {
                let named = self.named(name);
                for wire in named.some_wires()? {
                    wire.stop(Way::Back);
                }
            }
            Deed::Lose { name, percent } => {
                let named = self.named(name);
                for wire in named.some_wires()? {
                    wire.lose(*percent);
                }
            }
            Deed::SwitchOver => self.cluster.switch_over().await?,
            Deed::Scale { kind, count } => self.scale(*kind, *count).await?,
        }
        Ok(format!("done: {}", deed.words()))
    }

    fn named<'a>(&'a self, name: &'a str) -> Named<'a> {
        Named {
            shop: self,
            name,
            seat: self.house.seat(name),
        }
    }
}

impl Named<'_> {
    fn target(&self) -> anyhow::Result<Target<'_>> {
        let (base, part) = match self.name.split_once('.') {
            None => (self.name, Part::Node),
            Some((base, "postgres")) => (base, Part::Postgres),
            Some((base, "patroni")) => (base, Part::Patroni),
            Some((_, other)) => bail!("`{other}` is no half of a node: `postgres` or `patroni`"),
        };
        if let Some(node) = self.shop.cluster.node(base) {
            return Ok(Target::Node(node, part));
        }
        let process = self.seat.as_ref().and_then(|seat| seat.process());
        let process = process.or_else(|| self.shop.cluster.process(self.name));
        let process = process.map(|process| &**process);
        let process = process.or_else(|| self.shop.redis.process(self.name));
        let process = process.with_context(|| {
            format!(
                "`{}` is no part of the shop: see `holdfast status`",
                self.name
            )
        })?;
        Ok(Target::Process(process))
    }

    fn wires(&self) -> Vec<&Wire> {
        let seat = self.seat.iter().flat_map(|seat| seat.wires());
        let redis = self.shop.redis.wire(self.name);
        let data = self.shop.cluster.wires(self.name).iter().chain(redis);
        data.chain(seat).collect()
    }

    fn some_wires(&self) -> anyhow::Result<Vec<&Wire>> {
        let wires = self.wires();
        if wires.is_empty() {
            bail!(
                "there are no wires around `{}`; there are around database nodes, Redis and services",
                self.name
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
                Deed::Mute { name: name() },
                Deed::Lose {
                    name: name(),
                    percent: 10,
                },
                Deed::SwitchOver,
                Deed::Scale {
                    kind: Kind::Order,
                    count: 3,
                },
            ] {
                assert_eq!(Deed::read(&deed.words()), Some(deed));
            }
        }
        assert_eq!(Deed::read("burn pg-1"), None);
        assert_eq!(Deed::read("scale pg-1 3"), None);
        assert_eq!(Deed::read(""), None);
    }
}
