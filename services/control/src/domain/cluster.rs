//! What a group with one leader tells of itself: database nodes under Patroni, Redis under its Sentinels.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::fault::{Kind, Resolution, UNKNOWN};

/// How many looks in a row are believed.
const LOOKS: u32 = 2;
/// How many looks in a row a follower may be too far behind: it may have to catch up.
const LAGS: u32 = 6;

/// A group at one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Who leads, if somebody does and is well.
    pub leader: Option<Leader>,
    /// All members that are known.
    pub nodes: Vec<Node>,
}

/// Who leads a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Which member.
    pub name: String,
    /// How often a leader was made before: a timeline, an epoch.
    pub epoch: String,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which one.
    pub name: String,
    /// Whether it answers, and runs.
    pub well: bool,
    /// Which life of it answers, where it says so.
    pub life: Option<String>,
    /// How many bytes it is behind the leader, where that is known.
    pub behind: Option<u64>,
}

/// What is watched, and how it is called.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What the group is called.
    pub name: &'static str,
    /// What a member has that is gone.
    pub node_down: Kind,
    /// What the group has whose leader is gone.
    pub leader_lost: Kind,
    /// How many bytes a follower may be behind.
    pub behind: u64,
    /// Whether a member that begins another life has had a fault: some are begun anew in order.
    pub lives_tell: bool,
}

/// What has been found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A fault has begun, or more is known of one.
    Opened {
        /// What it is.
        kind: Kind,
        /// Who has it.
        component: String,
        /// In which life.
        incarnation: String,
        /// The last moment at which all was well.
        since: OffsetDateTime,
        /// The fault that it may follow from.
        cause: Option<(Kind, String)>,
    },
    /// A fault is over.
    Closed {
        /// What it was.
        kind: Kind,
        /// Who had it.
        component: String,
        /// In which life.
        incarnation: String,
        /// How it ended.
        resolution: Resolution,
        /// What was done about it.
        handling: String,
    },
}

/// A group as its looks show it.
#[derive(Clone, Debug)]
pub struct Group {
    plan: Plan,
    nodes: BTreeMap<String, Known>,
    leader: Option<(Leader, OffsetDateTime)>,
    /// Since when somebody leads.
    since: OffsetDateTime,
    without: u32,
    lost: Option<Lost>,
}

/// What is known of a member that was well once.
#[derive(Clone, Debug)]
struct Known {
    life: String,
    /// When it was seen well last, and since when it is.
    well_at: OffsetDateTime,
    since: OffsetDateTime,
    ill: u32,
    well: u32,
    down: Option<String>,
    lags: u32,
    lagging: Option<String>,
}

/// A leader that was lost.
#[derive(Clone, Debug)]
struct Lost {
    leader: Leader,
    since: OffsetDateTime,
    found: u32,
}

impl Group {
    /// Knows nobody yet.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            nodes: BTreeMap::new(),
            leader: None,
            since: OffsetDateTime::UNIX_EPOCH,
            without: 0,
            lost: None,
        }
    }

    /// Takes in a look at `now`, and tells what it means.
    pub fn take(&mut self, view: &View, now: OffsetDateTime) -> Vec<Found> {
        let mut found: Vec<_> = view
            .nodes
            .iter()
            .flat_map(|node| self.node(node, now))
            .collect();
        found.extend(self.led(view.leader.as_ref(), now));
        let epoch = view.leader.as_ref().map(|leader| leader.epoch.clone());
        if let Some(epoch) = epoch {
            found.extend(
                view.nodes
                    .iter()
                    .filter_map(|node| self.lag(node, &epoch, now)),
            );
        }
        found
    }

    /// What the group is called.
    pub fn name(&self) -> &'static str {
        self.plan.name
    }

    /// The components that are well, each with the life it is in, and since when.
    pub fn well(&self) -> Vec<(String, String, OffsetDateTime)> {
        let well = |(name, known): (&String, &Known)| {
            let well = known.well > 0 && known.down.is_none() && known.lags == 0;
            well.then(|| (name.clone(), known.life.clone(), known.since))
        };
        let mut all: Vec<_> = self.nodes.iter().filter_map(well).collect();
        if let (Some((leader, _)), None, 0) = (&self.leader, &self.lost, self.without) {
            all.push((self.plan.name.to_owned(), leader.epoch.clone(), self.since));
        }
        all
    }

    fn node(&mut self, node: &Node, now: OffsetDateTime) -> Vec<Found> {
        let plan = self.plan;
        // Where nobody says which life it is, there is no sign of another one.
        let before = self.nodes.get(&node.name).map(|known| known.life.clone());
        let life = node
            .life
            .clone()
            .or(before)
            .unwrap_or_else(|| UNKNOWN.to_owned());
        if !self.nodes.contains_key(&node.name) && !node.well {
            // It may not have come up yet.
            return Vec::new();
        }
        let begun = Known {
            life: life.clone(),
            well_at: now,
            since: now,
            ill: 0,
            well: 0,
            down: None,
            lags: 0,
            lagging: None,
        };
        let known = self.nodes.entry(node.name.clone()).or_insert(begun);
        if !node.well {
            (known.ill, known.well) = (known.ill + 1, 0);
            if known.ill < LOOKS || known.down.is_some() {
                return Vec::new();
            }
            known.down = Some(known.life.clone());
            return self.down(&node.name);
        }
        (known.ill, known.well) = (0, known.well + 1);
        let known_life = known.life != UNKNOWN;
        let reborn = plan.lives_tell && known_life && known.life != life && known.down.is_none();
        if !known_life {
            known.life.clone_from(&life);
        }
        let mut found = Vec::new();
        if reborn {
            known.down = Some(known.life.clone());
            found = self.down(&node.name);
        }
        if let Some(known) = self.nodes.get_mut(&node.name) {
            known.well_at = now;
            if known.well == 1 {
                known.since = now;
            }
            if known.well >= LOOKS || reborn {
                found.extend(known.up(plan.node_down, &node.name, &life));
            }
        }
        found
    }

    /// A member is gone; where it has led, that is why nobody leads.
    fn down(&self, name: &str) -> Vec<Found> {
        let Some(known) = self.nodes.get(name) else {
            return Vec::new();
        };
        let gone = Found::Opened {
            kind: self.plan.node_down,
            component: name.to_owned(),
            incarnation: known.life.clone(),
            since: known.well_at,
            cause: None,
        };
        let follows = self.lost.as_ref().filter(|lost| lost.leader.name == name);
        let follows = follows.map(|lost| self.opened(lost));
        [gone].into_iter().chain(follows).collect()
    }

    fn led(&mut self, leader: Option<&Leader>, now: OffsetDateTime) -> Vec<Found> {
        let Some(leader) = leader else {
            self.without += 1;
            let missed = self.without >= LOOKS && self.lost.is_none();
            return missed.then(|| self.lose()).flatten().into_iter().collect();
        };
        if self.without > 0 || self.leader.is_none() {
            self.since = now;
        }
        self.without = 0;
        let mut found = Vec::new();
        let same = self
            .leader
            .as_ref()
            .is_none_or(|(known, _)| known == leader);
        if !same {
            self.since = now;
            if self.lost.is_none() {
                found.extend(self.lose());
            }
        }
        self.leader = Some((leader.clone(), now));
        if let Some(lost) = &mut self.lost {
            lost.found += 1;
            if lost.found >= LOOKS {
                found.extend(self.lost.take().map(|lost| self.led_again(&lost, leader)));
            }
        }
        found
    }

    fn lose(&mut self) -> Option<Found> {
        let (leader, since) = self.leader.clone()?;
        let lost = Lost {
            leader,
            since,
            found: 0,
        };
        let opened = self.opened(&lost);
        self.lost = Some(lost);
        Some(opened)
    }

    fn opened(&self, lost: &Lost) -> Found {
        Found::Opened {
            kind: self.plan.leader_lost,
            component: self.plan.name.to_owned(),
            incarnation: lost.leader.epoch.clone(),
            since: lost.since,
            cause: Some((self.plan.node_down, lost.leader.name.clone())),
        }
    }

    fn led_again(&self, lost: &Lost, leader: &Leader) -> Found {
        let resolution = match (lost.leader.name == leader.name, lost.leader == *leader) {
            (false, _) => Resolution::Replaced,
            (true, false) => Resolution::Restarted,
            (true, true) => Resolution::Resumed,
        };
        Found::Closed {
            kind: self.plan.leader_lost,
            component: self.plan.name.to_owned(),
            incarnation: lost.leader.epoch.clone(),
            resolution,
            handling: format!("{} leads, in epoch {}.", leader.name, leader.epoch),
        }
    }

    fn lag(&mut self, node: &Node, epoch: &str, now: OffsetDateTime) -> Option<Found> {
        let (kind, most) = (Kind::ReplicationLag, self.plan.behind);
        let known = self.nodes.get_mut(&node.name)?;
        let behind = node.behind?;
        if behind <= most {
            known.lags = 0;
            return known.lagging.take().map(|incarnation| Found::Closed {
                kind,
                component: node.name.clone(),
                incarnation,
                resolution: Resolution::Resumed,
                handling: String::new(),
            });
        }
        known.lags += 1;
        if known.lags < LAGS || known.lagging.is_some() {
            return None;
        }
        known.lagging = Some(epoch.to_owned());
        Some(Found::Opened {
            kind,
            component: node.name.clone(),
            incarnation: epoch.to_owned(),
            since: now,
            cause: None,
        })
    }
}

impl Known {
    /// It is back, in the life that answers now.
    fn up(&mut self, kind: Kind, name: &str, life: &str) -> Option<Found> {
        let resolution = if self.life == life {
            Resolution::Resumed
        } else {
            Resolution::Restarted
        };
        life.clone_into(&mut self.life);
        self.down.take().map(|incarnation| Found::Closed {
            kind,
            component: name.to_owned(),
            incarnation,
            resolution,
            handling: String::new(),
        })
    }
}

#[cfg(test)]
mod tests;
