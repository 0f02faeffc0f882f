//! Routing with consistency tokens: a primary, replicas that lag, a cache, a failover; one customer who writes and reads.
//!
//! Real: who may answer a read ([`db::serves`]), what of the cache may ([`cache::Need`], [`cache::Version`]), and the token
//! ([`api::token`]). Written out here: the log, what of it is visible where, what fills and invalidates the cache.
//!
//! | action | rule (DESIGN section 4) |
//! |---|---|
//! | [`Action::Write`], [`Action::Answer`] | synchronous: visible and answered once the standby has it; a write answers a token read after COMMIT |
//! | [`Action::Send`], [`Action::Replay`] | a standby receives, and shows what it has replayed |
//! | [`Action::Look`], [`Action::Read`] | the position is asked in an earlier statement; whoever has got to the token answers |
//! | [`Action::Cached`] | an entry serves a token only when its position is at least the token's; read on the primary, only when greater |
//! | [`Action::Fill`] | a fill never replaces a newer version, and an invalidation leaves its version behind |
//! | [`Action::Promote`] | what was acknowledged comes along; the old primary may go on answering reads |

mod cluster;
mod reader;

use stateright::{Model, Property};

pub use cluster::{Cluster, Server};
pub use reader::{Customer, Entry, Reading};

/// The model, within its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Routing {
    /// How many writes there are.
    pub writes: u8,
    /// How many promotions.
    pub promotions: u32,
    /// Whether there is a second standby, for which no commit waits.
    pub third: bool,
    /// What is done wrong.
    pub bug: Option<Bug>,
}

/// What can be done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Replicas answer whatever was seen.
    IgnoreToken,
    /// An entry that was read on the primary serves a token of its own position.
    PrimaryEntryCountsFully,
    /// The position is asked after the read.
    LookAfterRead,
    /// Commits wait for no standby.
    Asynchronous,
    /// Positions are compared without their timelines.
    NoTimeline,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The servers.
    pub cluster: Cluster,
    /// What is cached of the row.
    pub cache: Option<Entry>,
    /// What an invalidation left behind.
    pub floor: Option<cache::Version>,
    /// Who writes and reads.
    pub customer: Customer,
    /// A read of somebody else, without a token, that fills the cache.
    pub other: Reading,
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The customer writes: it is in the primary's log.
    Write,
    /// The same of somebody else.
    WriteOther,
    /// The commit is known, visible, and answered with a token; the entry is invalidated.
    Answer,
    /// A standby receives the next record.
    Send(usize),
    /// It replays the next record.
    Replay(usize),
    /// A read asks this server where it stands.
    Look(Who, usize),
    /// The read itself.
    Read(Who),
    /// The customer takes what is cached.
    Cached,
    /// What somebody else has read is cached.
    Fill,
    /// The first standby is promoted, whether the primary knows or not.
    Promote,
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// The customer.
    Customer,
    /// Somebody without a token.
    Other,
}

impl Model for Routing {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            cluster: Cluster::of(if self.third { 3 } else { 2 }),
            cache: None,
            floor: None,
            customer: Customer::default(),
            other: Reading::Idle,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let each = 0..state.cluster.servers.len();
        let each = each.flat_map(|at| {
            [
                Action::Send(at),
                Action::Replay(at),
                Action::Look(Who::Customer, at),
                Action::Look(Who::Other, at),
            ]
        });
        let rest = [
            Action::Write,
            Action::WriteOther,
            Action::Answer,
            Action::Read(Who::Customer),
            Action::Read(Who::Other),
            Action::Cached,
            Action::Fill,
            Action::Promote,
        ];
        actions.extend(
            each.chain(rest)
                .filter(|action| self.go(&mut state.clone(), *action)),
        );
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.go(&mut next, action).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        [Self::invariants(), Self::reached()].concat()
    }
}

impl Routing {
    /// What holds in every state.
    fn invariants() -> Vec<Property<Self>> {
        vec![
            Property::always(
                "the customer reads all that it was told is written",
                |_, state: &State| !state.customer.missed_own,
            ),
            Property::always(
                "the customer never reads less than before",
                |_, state: &State| !state.customer.went_back,
            ),
            Property::always("nothing that was answered is lost", |_, state: &State| {
                let primary = state.cluster.primary();
                state.customer.answered & !primary.written() == 0
            }),
        ]
    }

    /// What some state must show, or the invariants would hold for want of anything that happens.
    fn reached() -> Vec<Property<Self>> {
        vec![
            Property::sometimes("a replica answers a token", |_, state: &State| {
                state.customer.by_replica
            }),
            Property::sometimes("the cache answers a token", |_, state: &State| {
                state.customer.by_cache
            }),
            Property::sometimes("a replica is behind the token", |_, state: &State| {
                let mut standbys = state.cluster.standbys();
                let given = state.customer.given;
                standbys.any(|server| !db::serves(given, server.place()))
            }),
            Property::sometimes(
                "an old primary is there beside the new one",
                |_, state: &State| {
                    state
                        .cluster
                        .servers
                        .iter()
                        .filter(|server| server.primary)
                        .count()
                        > 1
                },
            ),
            Property::sometimes(
                "a write that was not answered is lost",
                |_, state: &State| {
                    state.cluster.timeline() > 1
                        && state.cluster.servers[0].written() & !state.cluster.primary().written()
                            != 0
                },
            ),
            Property::sometimes(
                "an entry is refused, for an invalidation",
                |_, state: &State| {
                    let filled = |reading: &Reading| matches!(reading, Reading::Has(entry) if !state.takes(*entry));
                    state.floor.is_some() && filled(&state.other)
                },
            ),
        ]
    }
}
