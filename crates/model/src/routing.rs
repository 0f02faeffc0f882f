//! Routing with consistency tokens: who may answer a customer who has written and read, through replicas that lag, caches that are
//! filled late, and a promotion that not everybody has noticed.
//!
//! Real: the rule of a read ([`db::serves`]), what a cache entry serves and which fill counts ([`cache::Need`], [`cache::Version`]),
//! and the token itself ([`api::token`]). Written out here: what Postgres does with its log.
//!
//! | action | rule |
//! |---|---|
//! | [`Action::Write`], [`Action::Commit`], [`Action::Acknowledge`] | COMMIT returns when the synchronous standby has it; only then is the token read |
//! | [`Action::Lose`] | an answer that is lost tells nothing |
//! | [`Action::Stream`], [`Action::Replay`] | a standby shows what it has replayed, which is less than it has received |
//! | [`Action::Promote`] | only the synchronous standby is promoted; the former primary may not have noticed |
//! | [`Action::Demote`], [`Action::Rejoin`], [`Action::Choose`] | a former primary shows its branch until it gives it up; who has caught up is waited for from then on |
//! | [`Action::Read`] | a read of what is the customer's own raises the token to where it was read |
//! | [`Action::Load`], [`Action::Fill`] | an entry carries the place noted before it was read; a fill never replaces a newer one |
//! | [`Action::Find`] | an entry serves a token by its position; read on the primary, only a lesser one |
//!
//! Invalidations are not here: all of them may be lost.

mod cluster;

use api::token::{Given, Position, Seen, Token};
use cache::{Need, Version};
use stateright::{Model, Property};

pub use cluster::{Cluster, Node};

/// The cluster of all of this.
const HERE: u64 = 7;
/// Another one, such as that from before a restore.
const ELSEWHERE: u64 = 8;

/// The model, within its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Routing {
    /// How many nodes there are, one of them primary and one its synchronous standby; a third one is waited for by nobody.
    pub nodes: usize,
    /// How often the customer writes.
    pub writes: u8,
    /// How many promotions.
    pub promotions: u32,
    /// Whether the customer waits for the answer to a write before it reads.
    pub patient: bool,
    /// Whether a position may be unreadable after a commit, so that only a primary will do.
    pub unreadable: bool,
    /// Whether whatever a standby has shown counts as seen. It does not: a standby shows what it has replayed, a primary only what
    /// its synchronous standby has confirmed, and its position tells nothing of the difference.
    pub ahead_counts: bool,
    /// What is done wrong.
    pub bug: Option<Bug>,
}

/// What can be done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A primary serves whoever's position it has, whatever its timeline.
    TimelineNotCompared,
    /// So does a standby.
    StandbyByPosition,
    /// An entry of a later timeline serves every token of an earlier one, wherever it was read.
    EntryByOrder,
    /// An entry that was read on the primary serves a token of its own position.
    EntryAtEqualPosition,
    /// The token is read before the commit.
    TokenBeforeCommit,
    /// Reads do not raise the token.
    ReadsRaiseNothing,
    /// A token that is none, or another cluster's, is served by anybody.
    AnybodyServesNonsense,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The database's nodes.
    pub cluster: Cluster,
    /// The customer.
    pub customer: Customer,
    /// What the cache keeps.
    pub entry: Option<Entry>,
    /// What is on its way there.
    pub loaded: Option<Entry>,
}

/// A customer who carries a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Customer {
    /// What is sent along with each request.
    pub given: Given,
    /// The number of the last write that was acknowledged, or shown by a primary.
    pub seen: u8,
    /// The same of what was shown by standbys, where it was committed: no standby shows less afterwards.
    pub seen_on_standbys: u8,
    /// How often it has written.
    pub writes: u8,
    /// Where its write is under way: at which node, and behind how much of its log.
    pub writing: Option<(usize, usize)>,
    /// Whether it was shown less than it has seen.
    pub shown_less: bool,
}

/// A value with where it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    version: Version,
    value: u8,
}

/// What may happen, to the node of this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The customer's write is in a primary's log.
    Write(usize),
    /// What comes next in a primary's log is committed there, and shown.
    Commit(usize),
    /// The customer hears that its write is committed.
    Acknowledge,
    /// The same, but its position cannot be read any more.
    AcknowledgeUnread,
    /// Its answer is lost.
    Lose,
    /// A standby receives what comes next.
    Stream(usize),
    /// A standby replays what comes next.
    Replay(usize),
    /// The synchronous standby takes over.
    Promote,
    /// A former primary comes up as a standby, on its own branch still.
    Demote(usize),
    /// A node follows the newest primary, and gives up what that does not have.
    Rejoin(usize),
    /// A standby that has caught up is the synchronous one from now on.
    Choose(usize),
    /// The customer reads its own.
    Read(usize),
    /// Somebody without a token reads it for the cache.
    Load(usize),
    /// That arrives at the cache.
    Fill,
    /// The customer finds it in the cache.
    Find,
}

impl Action {
    fn of(at: usize) -> [Self; 9] {
        [
            Self::Write(at),
            Self::Commit(at),
            Self::Stream(at),
            Self::Replay(at),
            Self::Demote(at),
            Self::Rejoin(at),
            Self::Choose(at),
            Self::Read(at),
            Self::Load(at),
        ]
    }
}

impl Model for Routing {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            cluster: Cluster::new(self.nodes),
            customer: Customer::default(),
            entry: None,
            loaded: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let all = (0..self.nodes).flat_map(Action::of).chain([
            Action::Acknowledge,
            Action::AcknowledgeUnread,
            Action::Lose,
            Action::Promote,
            Action::Fill,
            Action::Find,
        ]);
        actions.extend(all.filter(|action| self.next_state(state, *action).is_some()));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.go(&mut next, action)?;
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        [Self::invariants(), Self::reached()].concat()
    }
}

impl Routing {
    /// Does it, where it can be done now.
    fn go(&self, state: &mut State, action: Action) -> Option<()> {
        let State {
            cluster,
            customer,
            entry,
            loaded,
        } = state;
        match action {
            Action::Write(at) => {
                let may = customer.writing.is_none() && customer.writes < self.writes;
                let behind = may.then(|| cluster.write(at, customer.writes + 1))??;
                customer.writes += 1;
                customer.writing = Some((at, behind));
            }
            Action::Acknowledge | Action::AcknowledgeUnread => {
                let unread = action == Action::AcknowledgeUnread;
                let (at, behind) = customer.writing.filter(|_| self.unreadable || !unread)?;
                let mut position = cluster.committed(at, behind)?;
                if self.bug == Some(Bug::TokenBeforeCommit) {
                    position.lsn = behind as u64;
                }
                customer.writing = None;
                customer.seen = customer.writes;
                customer.raise(if unread {
                    Token::primary_only(HERE)
                } else {
                    Token::at(HERE, position)
                });
            }
            Action::Lose => {
                customer.writing.take()?;
            }
            Action::Commit(at) => cluster.commit(at)?,
            Action::Stream(at) => cluster.stream(at)?,
            Action::Replay(at) => cluster.replay(at)?,
            Action::Promote => cluster.promote(self.promotions)?,
            Action::Demote(at) => cluster.demote(at)?,
            Action::Rejoin(at) => cluster.rejoin(at)?,
            Action::Choose(at) => cluster.choose(at)?,
            Action::Read(at) => {
                let node = &cluster.nodes[at];
                let waits = self.patient && customer.writing.is_some();
                (!waits && self.serves(customer.given, node)).then_some(())?;
                customer.show(node.value(), node.primary);
                let value = node.value();
                if node.primary || self.ahead_counts {
                    customer.seen = customer.seen.max(value);
                } else if cluster.is_committed(value) {
                    customer.seen_on_standbys = customer.seen_on_standbys.max(value);
                }
                if self.bug != Some(Bug::ReadsRaiseNothing) {
                    customer.raise(Token::at(HERE, node.place(HERE).position));
                }
            }
            Action::Load(at) => {
                loaded.is_none().then_some(())?;
                *loaded = Some(Entry::read(&cluster.nodes[at]));
            }
            Action::Fill => {
                let brought = loaded.take()?;
                let newer = |there: &Entry| brought.version.is_newer_than(there.version);
                if entry.as_ref().is_none_or(newer) {
                    *entry = Some(brought);
                }
            }
            Action::Find => {
                let found = entry.filter(|entry| self.finds(customer.given, entry))?;
                customer.show(found.value, found.version.seen(()).primary);
            }
        }
        Some(())
    }

    /// Whether `node` answers a customer who came with `given`.
    fn serves(&self, given: Given, node: &Node) -> bool {
        let mut place = node.place(HERE);
        let careless = match self.bug {
            Some(Bug::TimelineNotCompared) => node.primary,
            Some(Bug::StandbyByPosition) => !node.primary,
            _ => false,
        };
        match given {
            Given::Token(token) if careless => place.position.timeline = token.position.timeline,
            Given::Malformed if self.bug == Some(Bug::AnybodyServesNonsense) => return true,
            _ => {}
        }
        db::serves(given, place)
    }

    /// Whether `entry` answers a customer who came with `given`.
    fn finds(&self, given: Given, entry: &Entry) -> bool {
        let mut read = entry.version.seen(());
        match (self.bug, given) {
            (Some(Bug::EntryAtEqualPosition), _) => read.primary = false,
            (Some(Bug::EntryByOrder), Given::Token(token)) if token.cluster == HERE => {
                return !token.primary_only && read.position > token.position;
            }
            _ => {}
        }
        Need::of(given).is_met_by(Version::of(&read))
    }

    /// What holds in every state.
    fn invariants() -> Vec<Property<Self>> {
        vec![
            Property::always(
                "nobody is shown less than they have written and read",
                |_, state: &State| !state.customer.shown_less,
            ),
            Property::always(
                "what cannot be compared is served by a primary alone",
                |model: &Self, state: &State| {
                    let foreign = Given::Token(Token::at(ELSEWHERE, Position::default()));
                    [Given::Malformed, foreign].into_iter().all(|given| {
                        let nodes = state.cluster.nodes.iter();
                        let served = nodes.filter(|node| model.serves(given, node));
                        let found = state.entry.filter(|entry| model.finds(given, entry));
                        served.clone().all(|node| node.primary) && found.is_none()
                    })
                },
            ),
        ]
    }

    /// What some state must show, or the invariants would hold for want of anything that happens.
    fn reached() -> Vec<Property<Self>> {
        vec![
            Property::sometimes("a standby serves a token", |model: &Self, state: &State| {
                let given = state.customer.given;
                let serves = |node: &Node| !node.primary && model.serves(given, node);
                state.customer.seen > 0 && state.cluster.nodes.iter().any(serves)
            }),
            Property::sometimes("an entry serves a token", |model: &Self, state: &State| {
                let found = state
                    .entry
                    .is_some_and(|it| model.finds(state.customer.given, &it));
                found && state.customer.seen > 0
            }),
            Property::sometimes("two take themselves for the primary", |_, state: &State| {
                let nodes = state.cluster.nodes.iter();
                nodes.filter(|node| node.primary).count() == 2
            }),
            Property::sometimes("a write was lost with its branch", |_, state: &State| {
                let nodes = &mut state.cluster.nodes.iter();
                let lost = state.customer.writes > 1 && state.customer.writing.is_none();
                lost && nodes.all(|node| !node.log.contains(&1))
            }),
            Property::sometimes("it is written after a promotion", |_, state: &State| {
                let later = |given| matches!(given, Given::Token(it) if it.position.timeline > 1);
                later(state.customer.given) && state.customer.seen > 1
            }),
        ]
    }
}

impl Customer {
    fn raise(&mut self, token: Token) {
        self.given = self.given.raised(token);
    }

    /// It is shown what was read at a primary, or else at a standby.
    fn show(&mut self, value: u8, primary: bool) {
        let ahead = !primary && value < self.seen_on_standbys;
        self.shown_less |= value < self.seen || ahead;
    }
}

impl Entry {
    /// Read on `node`, with its place noted before.
    fn read(node: &Node) -> Self {
        let place = node.place(HERE);
        let seen = Seen {
            value: node.value(),
            cluster: place.cluster,
            position: place.position,
            primary: place.primary,
        };
        Self {
            version: Version::of(&seen),
            value: seen.value,
        }
    }
}
