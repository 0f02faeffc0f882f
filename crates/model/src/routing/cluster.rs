//! Postgres in small: a log that grows on the primary, is received and replayed by standbys, and branches at a promotion.

use api::token::Position;
use db::Place;

/// The nodes of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cluster {
    /// All of them.
    pub nodes: Vec<Node>,
    /// Whom the newest primary waits for; nobody right after a promotion.
    pub waited_for: Option<usize>,
    /// A bit for the number of each write that is committed, and so never lost.
    committed: u8,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// Whether it takes itself for the primary.
    pub primary: bool,
    /// Counts the promotions that it knows of, from 1.
    pub timeline: u32,
    /// The numbers of the writes in its log.
    pub log: Vec<u8>,
    /// How many of them it shows: on a standby those that it has replayed, on a primary those that are committed.
    pub shown: usize,
}

impl Node {
    /// Where it stands, as it is asked before each read.
    pub fn place(&self, cluster: u64) -> Place {
        let lsn = if self.primary {
            self.log.len()
        } else {
            self.shown
        };
        Place {
            primary: self.primary,
            cluster,
            position: self.position(lsn),
        }
    }

    /// What it shows: the number of the last write, zero before the first.
    pub fn value(&self) -> u8 {
        self.log[..self.shown].last().copied().unwrap_or(0)
    }

    fn position(&self, lsn: usize) -> Position {
        Position {
            timeline: self.timeline,
            lsn: lsn as u64,
        }
    }

    /// How much of its log is that of `other` as well.
    fn common(&self, other: &Self) -> usize {
        let both = self.log.iter().zip(&other.log);
        both.take_while(|(own, other)| own == other).count()
    }
}

impl Cluster {
    /// One primary, with a synchronous standby, and others.
    pub fn new(nodes: usize) -> Self {
        let node = |at| Node {
            primary: at == 0,
            timeline: 1,
            log: Vec::new(),
            shown: 0,
        };
        Self {
            nodes: (0..nodes).map(node).collect(),
            waited_for: Some(1),
            committed: 1,
        }
    }

    /// Writes at a node that takes itself for the primary. Answers behind how much.
    pub fn write(&mut self, at: usize, value: u8) -> Option<usize> {
        let node = &mut self.nodes[at];
        node.primary.then(|| {
            node.log.push(value);
            node.log.len() - 1
        })
    }

    /// Commits the next write of a primary, once the synchronous standby has it too: from then on it is shown.
    pub fn commit(&mut self, at: usize) -> Option<()> {
        let standby = &self.nodes[self.waited_for?];
        let node = &self.nodes[at];
        // A former primary waits in vain: its standby has left it.
        let follows = standby.timeline == node.timeline && !standby.primary;
        let may = node.primary && follows && standby.common(node) > node.shown;
        may.then(|| {
            self.nodes[at].shown += 1;
            self.committed |= 1 << self.nodes[at].value();
        })
    }

    /// Whether the write of this number is committed.
    pub fn is_committed(&self, value: u8) -> bool {
        self.committed & (1 << value) != 0
    }

    /// The position of a primary that has committed what stands there `behind` so much.
    pub fn committed(&self, at: usize, behind: usize) -> Option<Position> {
        let node = &self.nodes[at];
        (node.primary && node.shown > behind).then(|| node.position(node.log.len()))
    }

    /// A standby receives the next write of a primary that it follows.
    pub fn stream(&mut self, at: usize) -> Option<()> {
        let (own, from) = (&self.nodes[at], self.followed(at)?);
        let next = *self.nodes[from].log.get(own.log.len())?;
        self.nodes[at].log.push(next);
        Some(())
    }

    /// A standby replays the next write that it has received.
    pub fn replay(&mut self, at: usize) -> Option<()> {
        let node = &mut self.nodes[at];
        (!node.primary && node.shown < node.log.len()).then(|| node.shown += 1)
    }

    /// The synchronous standby replays what it has, and is the primary of a new timeline.
    pub fn promote(&mut self, promotions: u32) -> Option<()> {
        let at = self.waited_for?;
        let timeline = 1 + self.nodes.iter().map(|node| node.timeline).max()?;
        (timeline <= 1 + promotions).then_some(())?;
        let node = &mut self.nodes[at];
        node.primary = true;
        node.timeline = timeline;
        node.shown = node.log.len();
        self.committed |= node.log.iter().fold(0, |bits, value| bits | 1 << value);
        self.waited_for = None;
        Some(())
    }

    /// A former primary comes up as a standby that has found nobody yet: it replays all that it has.
    pub fn demote(&mut self, at: usize) -> Option<()> {
        let later = self.nodes[self.newest()?].timeline > self.nodes[at].timeline;
        let node = &mut self.nodes[at];
        (node.primary && later).then(|| {
            node.primary = false;
            node.shown = node.log.len();
        })
    }

    /// A node follows the newest primary, and gives up what that does not have.
    pub fn rejoin(&mut self, at: usize) -> Option<()> {
        let newest = self.newest()?;
        let timeline = self.nodes[newest].timeline;
        (self.nodes[at].timeline < timeline).then_some(())?;
        let common = self.nodes[at].common(&self.nodes[newest]);
        let node = &mut self.nodes[at];
        node.primary = false;
        node.timeline = timeline;
        node.log.truncate(common);
        node.shown = node.shown.min(common);
        Some(())
    }

    /// A standby that has all that the newest primary has is waited for from now on.
    pub fn choose(&mut self, at: usize) -> Option<()> {
        let newest = self.newest()?;
        let node = &self.nodes[at];
        let caught_up = node.log == self.nodes[newest].log;
        let may = self.waited_for.is_none() && self.followed(at) == Some(newest) && caught_up;
        may.then(|| self.waited_for = Some(at))
    }

    /// The primary that a standby follows: that of its timeline.
    fn followed(&self, at: usize) -> Option<usize> {
        let own = &self.nodes[at];
        let is = |node: &Node| node.primary && node.timeline == own.timeline;
        (!own.primary).then(|| self.nodes.iter().position(is))?
    }

    fn newest(&self) -> Option<usize> {
        let primaries = (0..self.nodes.len()).filter(|at| self.nodes[*at].primary);
        primaries.max_by_key(|at| self.nodes[*at].timeline)
    }
}
