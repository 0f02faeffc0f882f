//! What a drill does to a part of the house.

mod claims;

use std::fmt;
use std::str::FromStr;

use rand::Rng as _;
use rand::rngs::StdRng;
use serde::Serialize;

/// Which of the order services has a clock of its own, which can jump.
const CLOCKED: u8 = 2;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is killed, with no chance to clean up.
    Kill,
    /// It stands still; its connections stay open.
    Pause,
    /// It runs in pulses: a moment out of each second or so.
    Slow,
    /// Nobody reaches it.
    Cut,
    /// It is reached, and what it answers is not heard.
    OneWay,
    /// All that is sent to it and from it comes later.
    Delay,
    /// A part of what is sent to it and from it is lost, and sent again.
    Loss,
    /// There is no room left where it keeps its data.
    DiskFull,
    /// Its clock jumps.
    ClockJump,
    /// All that is cached is gone.
    DroppedCaches,
    /// Nobody who could say where the others are answers.
    RegistryGone,
    /// Every instance of what others depend on answers late.
    SlowDependency,
    /// What it would prove itself by has expired.
    Expired,
    /// Names lead nowhere.
    DnsGone,
    /// What it sends to those who follow it is held back; they stay connected.
    HoldBack,
    /// Each commit that waits for the standby is told to wait no longer, as an operator might do.
    CutShort,
}

/// To what. Roles are found when it is done: who leads then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The database node that leads.
    Leader,
    /// The database node that commits wait for.
    Standby,
    /// The database node whose disk can be filled.
    Disk,
    /// The Redis that leads.
    Cache,
    /// A Sentinel.
    Sentinel(u8),
    /// A member of the store in which leaders are agreed on.
    Etcd(u8),
    /// All of them.
    Registry,
    /// A front door.
    HaProxy(u8),
    /// An instance of a service.
    Instance(Service, u8),
    /// Every instance of a service.
    Every(Service),
    /// The certificate that customers see.
    Edge,
    /// Names and addresses.
    Names,
}

/// A service of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The front door's service.
    Gateway,
    /// Accounts and money.
    User,
    /// Products and orders.
    Order,
    /// Articles.
    News,
    /// Locks, faults, what operators say.
    Control,
}

/// One thing done to one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blow {
    /// What is done.
    pub kind: Kind,
    /// To what.
    pub part: Part,
}

impl Kind {
    /// All that a course is made of. Those that are missing are found in rounds that somebody has laid out: they strike both
    /// followers at once, or are no fault of a part.
    pub const ALL: [Self; 14] = [
        Self::Kill,
        Self::Pause,
        Self::Slow,
        Self::Cut,
        Self::OneWay,
        Self::Delay,
        Self::Loss,
        Self::DiskFull,
        Self::ClockJump,
        Self::DroppedCaches,
        Self::RegistryGone,
        Self::SlowDependency,
        Self::Expired,
        Self::DnsGone,
    ];

    /// Its word at the command line and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Slow => "slow",
            Self::Cut => "cut",
            Self::OneWay => "one-way",
            Self::Delay => "delay",
            Self::Loss => "loss",
            Self::DiskFull => "disk-full",
            Self::ClockJump => "clock-jump",
            Self::DroppedCaches => "dropped-caches",
            Self::RegistryGone => "registry-gone",
            Self::SlowDependency => "slow-dependency",
            Self::Expired => "expired",
            Self::DnsGone => "dns-gone",
            Self::HoldBack => "hold-back",
            Self::CutShort => "cut-short",
        }
    }

    /// To which parts it can be done: the first of several stands for all of them.
    pub fn parts(self) -> Vec<Part> {
        let floor = [Part::Leader, Part::Standby, Part::Cache];
        let others = [Part::Sentinel(1), Part::Etcd(1), Part::HaProxy(1)];
        let instances = Service::ALL.map(|service| Part::Instance(service, 1));
        match self {
            Self::Kill | Self::Pause | Self::Slow => {
                [floor.as_slice(), &others, &instances].concat()
            }
            Self::Cut | Self::Delay | Self::Loss => [floor.as_slice(), &instances].concat(),
            Self::OneWay => [&[Part::Cache], instances.as_slice()].concat(),
            Self::DiskFull => vec![Part::Disk],
            Self::ClockJump => vec![Part::Instance(Service::Order, CLOCKED)],
            Self::DroppedCaches => vec![Part::Cache],
            Self::RegistryGone => vec![Part::Registry],
            Self::SlowDependency => vec![Part::Every(Service::User), Part::Every(Service::News)],
            Self::Expired => vec![Part::Edge],
            Self::DnsGone => vec![Part::Names],
            Self::HoldBack | Self::CutShort => vec![Part::Leader],
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.word() == word);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::word);
            format!("`{word}` is no kind of fault: {}", words.join(", "))
        })
    }
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Gateway,
        Self::User,
        Self::Order,
        Self::News,
        Self::Control,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::User => "user",
            Self::Order => "order",
            Self::News => "news",
            Self::Control => "control",
        }
    }
}

impl Part {
    /// What it takes from the house while it is ill: database nodes, members of etcd.
    fn takes(self) -> (u8, u8) {
        match self {
            Self::Leader | Self::Standby | Self::Disk => (1, 0),
            Self::Etcd(_) => (0, 1),
            Self::Registry => (0, 3),
            _ => (0, 0),
        }
    }

    /// The same, or another one of those that it stands for, by `chance`.
    fn one_of_them(self, chance: &mut StdRng) -> Self {
        match self {
            Self::Sentinel(_) => Self::Sentinel(chance.random_range(1..=3)),
            Self::Etcd(_) => Self::Etcd(chance.random_range(1..=3)),
            Self::HaProxy(_) => Self::HaProxy(chance.random_range(1..=2)),
            Self::Instance(service, _) => Self::Instance(service, chance.random_range(1..=2)),
            only => only,
        }
    }

    /// Whether both are of one thing of which there are several.
    fn is_twin_of(self, other: Self) -> bool {
        match (self, other) {
            (
                Self::Instance(one, _) | Self::Every(one),
                Self::Instance(two, _) | Self::Every(two),
            ) => one == two,
            (Self::HaProxy(_), Self::HaProxy(_)) | (Self::Sentinel(_), Self::Sentinel(_)) => true,
            (one, two) => one == two,
        }
    }
}

impl Blow {
    /// The same blow, to whichever of those that its part stands for, by `chance`; one clock alone can jump.
    pub(crate) fn to_one_of_them(self, chance: &mut StdRng) -> Self {
        let part = match self.kind {
            Kind::ClockJump => self.part,
            _ => self.part.one_of_them(chance),
        };
        Self { part, ..self }
    }

    /// Whether both may be done at once within what is claimed: two database nodes and two members of etcd are left, and
    /// one of each thing.
    pub fn goes_with(self, other: Self) -> bool {
        let (one, two) = (self.part.takes(), other.part.takes());
        one.0 + two.0 <= 1 && one.1 + two.1 <= 1 && !self.part.is_twin_of(other.part)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leader => f.write_str("the database's leader"),
            Self::Standby => f.write_str("the database's standby"),
            Self::Disk => f.write_str("the disk of a database node"),
            Self::Cache => f.write_str("the Redis that leads"),
            Self::Sentinel(number) => write!(f, "sentinel-{number}"),
            Self::Etcd(number) => write!(f, "etcd-{number}"),
            Self::Registry => f.write_str("all of etcd"),
            Self::HaProxy(number) => write!(f, "haproxy-{number}"),
            Self::Instance(service, number) => write!(f, "{}-{number}", service.name()),
            Self::Every(service) => write!(f, "every {}", service.name()),
            Self::Edge => f.write_str("the edge's certificate"),
            Self::Names => f.write_str("the names of the house"),
        }
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.word(), self.part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_by_its_word() {
        for kind in Kind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
            assert!(!kind.parts().is_empty());
        }
        assert!("burn".parse::<Kind>().unwrap_err().contains("kill, pause"));
    }

    #[test]
    fn two_of_one_thing_are_never_taken_at_once() {
        let kill = |part| Blow {
            kind: Kind::Kill,
            part,
        };
        let order = kill(Part::Instance(Service::Order, 1));

        assert!(kill(Part::Leader).goes_with(order));
        assert!(kill(Part::Leader).goes_with(kill(Part::Etcd(2))));
        assert!(!kill(Part::Leader).goes_with(kill(Part::Standby)));
        assert!(!kill(Part::Etcd(1)).goes_with(kill(Part::Registry)));
        assert!(!order.goes_with(kill(Part::Instance(Service::Order, 2))));
        assert!(!order.goes_with(kill(Part::Every(Service::Order))));
        assert!(!kill(Part::HaProxy(1)).goes_with(kill(Part::HaProxy(2))));
        assert!(!kill(Part::Sentinel(1)).goes_with(kill(Part::Sentinel(3))));
    }
}
