//! The servers: what each has in its log, and what of it it shows.

use api::token::Position;
use db::Place;

/// What the cluster is called.
pub(super) const CLUSTER: u64 = 7;

/// The servers; the last that was promoted is the primary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cluster {
    /// The first begins as primary; the second is the standby that commits wait for.
    pub servers: Vec<Server>,
    now: usize,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// Whether it is a primary, as far as it knows.
    pub primary: bool,
    timeline: u32,
    /// The records of its log, each the number of a write.
    log: Vec<u8>,
    /// How many of them it shows.
    shown: usize,
}

impl Server {
    /// Where it stands: a primary at the end of its log, a standby where it has replayed to.
    pub fn place(&self) -> Place {
        let lsn = if self.primary {
            self.log.len()
        } else {
            self.shown
        };
        Place {
            primary: self.primary,
            cluster: CLUSTER,
            position: Position {
                timeline: self.timeline,
                lsn: lsn as u64,
            },
        }
    }

    /// The writes that it has, a bit for each.
    pub fn written(&self) -> u8 {
        bits(&self.log)
    }

    /// The writes that it shows.
    pub fn visible(&self) -> u8 {
        bits(&self.log[..self.shown])
    }
}

fn bits(log: &[u8]) -> u8 {
    log.iter().fold(0, |bits, write| bits | 1 << write)
}

impl Cluster {
    /// So many servers.
    pub fn of(count: usize) -> Self {
        let server = |at| Server {
            primary: at == 0,
            timeline: 1,
            log: Vec::new(),
            shown: 0,
        };
        Self {
            servers: (0..count).map(server).collect(),
            now: 0,
        }
    }

    /// Who takes writes now.
    pub fn primary(&self) -> &Server {
        &self.servers[self.now]
    }

    /// Those who follow.
    pub fn standbys(&self) -> impl Iterator<Item = &Server> {
        self.servers.iter().filter(|server| !server.primary)
    }

    /// Counts the promotions, from 1.
    pub fn timeline(&self) -> u32 {
        self.primary().timeline
    }

    /// A write is in the primary's log.
    pub fn write(&mut self, write: u8) {
        self.servers[self.now].log.push(write);
    }

    /// Whether the commit of `write` is known: the standby has it, where there is one to wait for.
    pub fn has(&self, write: u8, waits: bool) -> bool {
        let bit = 1 << write;
        let standby = self.servers.get(self.now + 1);
        let there = standby.is_none_or(|standby| standby.written() & bit != 0);
        self.primary().written() & bit != 0 && (there || !waits)
    }

    /// All that is known to be committed is shown by the primary.
    pub fn show(&mut self, write: u8) {
        let primary = &mut self.servers[self.now];
        let at = primary.log.iter().position(|it| *it == write);
        primary.shown = primary.shown.max(at.map_or(0, |at| at + 1));
    }

    /// A standby receives the next record, or finds its way to the new timeline.
    pub fn send(&mut self, to: usize) -> bool {
        let from = self.primary().clone();
        let standby = &mut self.servers[to];
        // A log that went another way is wound back first; what it shows may not be taken back.
        if standby.primary || !from.log.starts_with(&standby.log) {
            return false;
        }
        let next = from.log.get(standby.log.len()).copied();
        let grown = next.is_some() || standby.timeline < from.timeline;
        standby.timeline = from.timeline;
        standby.log.extend(next);
        grown
    }

    /// A standby replays the next record.
    pub fn replay(&mut self, at: usize) -> bool {
        let standby = &mut self.servers[at];
        let may = !standby.primary && standby.shown < standby.log.len();
        standby.shown += usize::from(may);
        may
    }

    /// The standby that commits wait for takes over.
    pub fn promote(&mut self) -> bool {
        let timeline = self.timeline() + 1;
        let Some(standby) = self.servers.get_mut(self.now + 1) else {
            return false;
        };
        standby.primary = true;
        standby.timeline = timeline;
        standby.shown = standby.log.len();
        self.now += 1;
        true
    }
}
