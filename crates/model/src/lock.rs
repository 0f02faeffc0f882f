//! The lock with fencing tokens: leases that run out, holders that are paused, a resource that is written late, a database that
//! is promoted.
//!
//! Real: [`control::domain::lock::Lock`], which decides who has it. Written out here: the guard's arithmetic (`lock::Guard`), the
//! fence's statement (`db::fence`), the sequence of tokens, the era of a timeline.
//!
//! | action | rule |
//! |---|---|
//! | [`Action::Ask`], [`Action::Arrive`] | acquire by the owner that holds it answers the same grant |
//! | [`Action::Hear`], [`Action::Renew`], [`Action::Renewed`] | the guard measures by its own clock from before the call was sent, and gives up at 2/3 of the ttl |
//! | [`Action::Show`] | a new holder first shows its token, committed, and only then reads |
//! | [`Action::Read`], [`Action::Send`] | what it writes rests on what it read then |
//! | [`Action::Land`] | no write with a token below one already seen; however late it comes |
//! | [`Action::Release`] | a release passes the lock on in the same transaction |
//! | [`Action::Tick`] | expiry by the database's clock; who does nothing meanwhile is a paused holder |
//! | [`Action::Promote`] | after a promotion no lease is taken over for one ttl, whatever the new server's clock shows |

mod client;
mod server;

use stateright::{Model, Property};

pub use client::{Client, Phase, Work};
pub use server::{Resource, Server};

/// How long a lease lasts, in ticks.
pub const TTL: u8 = 3;

/// The model, within its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Locking {
    /// How many want the lock, each once.
    pub clients: usize,
    /// How many ticks there are.
    pub ticks: u8,
    /// How many promotions.
    pub promotions: u8,
    /// By how much the clock of a new primary may be ahead of the one before, in ticks.
    pub ahead: u8,
    /// What is done wrong.
    pub bug: Option<Bug>,
}

/// What can be done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The resource does not look at tokens.
    NoFence,
    /// A new holder reads before it shows its token.
    ReadBeforeShow,
    /// Leases are taken over by the new primary's clock.
    NoEra,
    /// The guard measures from when the answer came.
    FromAnswer,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The time that nobody sees, in ticks.
    pub time: u8,
    /// The lock service and its database.
    pub server: Server,
    /// Those who want the lock.
    pub clients: Vec<Client>,
    /// What the lock is for.
    pub resource: Resource,
}

/// What may happen, to the client of this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It sends its request.
    Ask(usize),
    /// The request is decided on, for the first time or again.
    Arrive(usize),
    /// It hears of its grant.
    Hear(usize),
    /// Its lease is renewed by a request that is sent now.
    Renew(usize),
    /// It hears that it is.
    Renewed(usize),
    /// It shows its token to the resource.
    Show(usize),
    /// It reads the resource.
    Read(usize),
    /// It sends what it writes there.
    Send(usize),
    /// The write arrives.
    Land(usize),
    /// It lets go.
    Release(usize),
    /// Time goes on.
    Tick,
    /// A standby is promoted.
    Promote,
}

impl Action {
    fn of(at: usize) -> [Self; 10] {
        [
            Self::Ask(at),
            Self::Arrive(at),
            Self::Hear(at),
            Self::Renew(at),
            Self::Renewed(at),
            Self::Show(at),
            Self::Read(at),
            Self::Send(at),
            Self::Land(at),
            Self::Release(at),
        ]
    }
}

impl Model for Locking {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            time: 0,
            server: Server::default(),
            clients: vec![Client::default(); self.clients],
            resource: Resource::default(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let all = (0..self.clients).flat_map(Action::of);
        let all = all.chain([Action::Tick, Action::Promote]);
        actions.extend(all.filter(|action| self.go(&mut state.clone(), *action)));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        self.go(&mut next, action).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        [Self::invariants(), Self::reached()].concat()
    }
}

impl Locking {
    /// What holds in every state.
    fn invariants() -> Vec<Property<Self>> {
        vec![
            Property::always(
                "every write rests on the one before it",
                |_, state: &State| !state.resource.lost_one,
            ),
            Property::always("tokens of accepted writes grow", |_, state: &State| {
                !state.resource.went_back
            }),
            Property::always(
                "one guard at most says that it holds the lock",
                |_, state: &State| {
                    let held = state
                        .clients
                        .iter()
                        .filter(|client| client.is_held(state.time));
                    held.count() <= 1
                },
            ),
            Property::always("one lease at most", |_, state: &State| {
                state.server.leases() <= 1
            }),
        ]
    }

    /// What some state must show, or the invariants would hold for want of anything that happens.
    fn reached() -> Vec<Property<Self>> {
        vec![
            Property::sometimes("a late write is refused", |_, state: &State| {
                state
                    .clients
                    .iter()
                    .any(|client| client.work == Work::Refused)
            }),
            Property::sometimes(
                "a late write is accepted after its guard was lost",
                |_, state: &State| {
                    let late = |it: &Client| it.work == Work::Written && !it.is_held(state.time);
                    state.clients.iter().any(late) && state.server.leases() == 1
                },
            ),
            Property::sometimes(
                "a lease ran out while its holder worked",
                |_, state: &State| {
                    state.server.tokens == 2
                        && state
                            .clients
                            .iter()
                            .any(|it| matches!(it.work, Work::Sent(..)))
                },
            ),
            Property::sometimes("it was held through a promotion", |_, state: &State| {
                let held = state
                    .clients
                    .iter()
                    .any(|client| client.is_held(state.time));
                state.server.timeline > 1 && held
            }),
            Property::sometimes(
                "all have written, one after the other",
                |_, state: &State| {
                    state
                        .clients
                        .iter()
                        .all(|client| client.work == Work::Written)
                },
            ),
            Property::sometimes("a lease is renewed", |_, state: &State| {
                let renewed =
                    |it: &Client| matches!(it.phase, Phase::Holds { sent, .. } if sent >= TTL);
                state.time > TTL && state.clients.iter().any(renewed)
            }),
        ]
    }
}
