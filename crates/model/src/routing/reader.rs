//! The customer, the reads, and what is cached.

use api::token::{Given, Position, Seen, Token};
use cache::{Need, Version};
use db::{Place, serves};

use super::cluster::CLUSTER;
use super::{Action, Bug, Routing, State, Who};

/// Somebody who writes and reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Customer {
    /// What its next request is sent with.
    pub given: Given,
    /// How many writes there were, by anybody.
    writes: u8,
    /// A write that is not answered yet, and whether it is the customer's.
    pending: Option<(u8, bool)>,
    /// What it was told is written, a bit for each.
    pub answered: u8,
    /// What it has read.
    read: u8,
    reading: Reading,
    /// Whether a read lacked something that it was told is written.
    pub missed_own: bool,
    /// Whether a read lacked something that it had read.
    pub went_back: bool,
    /// Whether a replica has answered a token.
    pub by_replica: bool,
    /// Whether the cache has.
    pub by_cache: bool,
}

/// A read, as far as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reading {
    /// None.
    #[default]
    Idle,
    /// A server said where it stands, and may answer.
    Looked(usize, Place),
    /// The value is there.
    Has(Entry),
}

/// A value with where it was read: the writes that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where it was read.
    pub version: Version,
    value: u8,
    place: Place,
}

impl Customer {
    /// Takes in a value that shows these writes.
    fn reads(&mut self, value: u8) {
        self.missed_own |= self.answered & !value != 0;
        self.went_back |= self.read & !value != 0;
        self.read |= value;
    }
}

impl State {
    /// Whether the cache takes `entry`: nothing as new is there, and no invalidation forbids it.
    pub fn takes(&self, entry: Entry) -> bool {
        let newer = |than: Version| entry.version.is_newer_than(than);
        self.cache.is_none_or(|there| newer(there.version)) && self.floor.is_none_or(newer)
    }

    fn invalidate(&mut self, given: Given) {
        let floor = Version::written(given);
        let floor = self.floor.map_or(floor, |there| floor.stricter(there));
        self.floor = Some(floor);
        self.cache = self
            .cache
            .filter(|entry| entry.version.is_newer_than(floor));
    }
}

impl Routing {
    /// Does it, where it can be done now.
    pub(super) fn go(&self, state: &mut State, action: Action) -> bool {
        match action {
            Action::Write => self.write(state, true),
            Action::WriteOther => self.write(state, false),
            Action::Answer => self.answer(state),
            Action::Send(at) => state.cluster.send(at),
            Action::Replay(at) => state.cluster.replay(at),
            Action::Look(who, at) => self.look(state, who, at),
            Action::Read(who) => self.read(state, who),
            Action::Cached => self.cached(state),
            Action::Fill => fill(state),
            Action::Promote => {
                // What was not answered by then is unknown.
                state.customer.pending = None;
                state.cluster.timeline() <= self.promotions && state.cluster.promote()
            }
        }
    }

    fn write(&self, state: &mut State, own: bool) -> bool {
        let customer = &mut state.customer;
        if customer.pending.is_some() || customer.writes == self.writes {
            return false;
        }
        state.cluster.write(customer.writes);
        customer.pending = Some((customer.writes, own));
        customer.writes += 1;
        true
    }

    fn answer(&self, state: &mut State) -> bool {
        let waits = self.bug != Some(Bug::Asynchronous);
        let pending = state.customer.pending.take();
        let Some((write, own)) = pending.filter(|(write, _)| state.cluster.has(*write, waits))
        else {
            return false;
        };
        state.cluster.show(write);
        let token = Token::at(CLUSTER, state.cluster.primary().place().position);
        state.invalidate(Given::Token(token));
        if own {
            state.customer.given = state.customer.given.raised(token);
            state.customer.answered |= 1 << write;
        }
        true
    }

    fn look(&self, state: &mut State, who: Who, at: usize) -> bool {
        let place = state.cluster.servers[at].place();
        let (given, reading) = match who {
            Who::Customer => (state.customer.given, &mut state.customer.reading),
            Who::Other => (Given::Nothing, &mut state.other),
        };
        let may = *reading == Reading::Idle && self.serves(given, place);
        if may {
            *reading = Reading::Looked(at, place);
        }
        may
    }

    fn serves(&self, given: Given, place: Place) -> bool {
        match self.bug {
            Some(Bug::IgnoreToken) => true,
            Some(Bug::NoTimeline) => {
                let flat = |position: Position| Position {
                    timeline: 1,
                    ..position
                };
                let given = match given {
                    Given::Token(token) => Given::Token(Token::at(CLUSTER, flat(token.position))),
                    other => other,
                };
                let position = flat(place.position);
                serves(given, Place { position, ..place })
            }
            _ => serves(given, place),
        }
    }

    fn read(&self, state: &mut State, who: Who) -> bool {
        let reading = match who {
            Who::Customer => &mut state.customer.reading,
            Who::Other => &mut state.other,
        };
        let Reading::Looked(at, place) = *reading else {
            return false;
        };
        let server = &state.cluster.servers[at];
        let value = server.visible();
        let place = if self.bug == Some(Bug::LookAfterRead) {
            server.place()
        } else {
            place
        };
        *reading = Reading::Idle;
        match who {
            Who::Other => *reading = Reading::Has(entry(value, place)),
            Who::Customer => {
                let customer = &mut state.customer;
                customer.by_replica |= customer.given != Given::Nothing && !place.primary;
                customer.reads(value);
                // It is the customer's own: its token is raised to where it was read.
                let token = Token::at(CLUSTER, place.position);
                customer.given = customer.given.raised(token);
            }
        }
        true
    }

    fn cached(&self, state: &mut State) -> bool {
        let Some(entry) = state.cache else {
            return false;
        };
        let full = self.bug == Some(Bug::PrimaryEntryCountsFully);
        let version = if full { replica(entry) } else { entry.version };
        let met = Need::of(state.customer.given).is_met_by(version);
        if met {
            state.customer.by_cache |= state.customer.given != Given::Nothing;
            state.customer.reads(entry.value);
            // Own data, as above: the token is raised to where it was read.
            let token = Token::at(CLUSTER, entry.place.position);
            state.customer.given = state.customer.given.raised(token);
        }
        met
    }
}

fn fill(state: &mut State) -> bool {
    let Reading::Has(entry) = state.other else {
        return false;
    };
    state.other = Reading::Idle;
    if state.takes(entry) {
        state.cache = Some(entry);
    }
    true
}

fn entry(value: u8, place: Place) -> Entry {
    let version = Version::of(&seen(place));
    Entry {
        version,
        value,
        place,
    }
}

/// As if it had been read on a replica.
fn replica(entry: Entry) -> Version {
    let primary = false;
    Version::of(&seen(Place {
        primary,
        ..entry.place
    }))
}

fn seen(place: Place) -> Seen<()> {
    Seen {
        value: (),
        cluster: place.cluster,
        position: place.position,
        primary: place.primary,
    }
}
