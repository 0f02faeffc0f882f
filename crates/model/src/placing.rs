//! Placing an order: the saga with its epochs, under crashes, lost answers, and calls that arrive late, twice or never.
//!
//! Real: the saga's steps ([`PlaceOrder`]), its way ([`saga::course`]), how a saga stands to a lease ([`saga::Row`]), what settles an
//! order ([`order::store::settle`]), and the till ([`user::domain::wallet::Till`]). Written out here: the conditions that are SQL
//! over there (`saga::store::claim`, `order::store::place`).
//!
//! | action | rule |
//! |---|---|
//! | [`Action::Arrive`] of [`Message::Place`] | one transaction writes key, order, hold and saga row; one key, one order, for ever |
//! | of [`Message::Charge`], [`Message::Refund`] | charge and its refusal are the same row; a void is a refusal, for ever |
//! | of [`Message::Decide`] | the decision to undo is committed before the first undo is sent, and never taken back |
//! | of [`Message::Confirm`], [`Message::Release`] | every later write says `where epoch = n` and the order's expected state |
//! | [`Action::Claim`] | recovery claims by raising the epoch; the former runner may be paused, and go on |
//! | [`Action::Crash`] | nothing else is logged between steps: all of them are taken again |
//! | [`Action::SettleBy`], [`Action::GiveUp`] | unknown is repeated forward until `settle_by`, and only then undone |
//!
//! What was sent stays on the wire: it may arrive at any time, again and again, or never, and its answer be heard or not.

mod moves;
mod shop;

use std::collections::BTreeSet;

use order::domain::order::{Reason, Status};
use order::place_order::{PlaceOrder, Step};
use saga::course::Move;
use stateright::{Model, Property};
use user::domain::wallet::Payment;

pub use shop::{Message, Shop};

/// The model, within its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Placing {
    /// How often the saga may be claimed, the placing transaction too.
    pub claims: usize,
    /// What is done wrong.
    pub bug: Option<Bug>,
}

/// What can be done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The key has no unique index.
    KeyNotUnique,
    /// A charge takes money though the order's payment is void.
    ChargeIgnoresVoid,
    /// An order is confirmed without a look at its saga.
    ConfirmWithoutLease,
    /// The first undo is sent before the decision is committed.
    UndoBeforeDecision,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Both databases.
    pub shop: Shop,
    /// Who has claimed the saga, by epoch, and what each is at; nothing once its turn is over, or it has crashed.
    pub runners: Vec<Option<Move<Step>>>,
    /// All that was ever sent.
    pub wire: BTreeSet<Message>,
    /// Whether the time to settle is over.
    pub overdue: bool,
    /// What the customer has heard at the end.
    pub told: Option<Status>,
    /// What the order first settled as.
    pub settled: Option<Status>,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something arrives, and is carried out; its answer reaches the runner of this place, or nobody.
    Arrive(Message, Option<usize>),
    /// A runner gives up an attempt, after the time to settle.
    GiveUp(usize),
    /// A runner's process is gone, or its lease is over and it knows.
    Crash(usize),
    /// The lease is over, and somebody claims the saga.
    Claim,
    /// The time to settle is over.
    SettleBy,
}

impl Model for Placing {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        [shop::PRICE, 0].map(State::before_the_order).to_vec()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for message in &state.wire {
            actions.push(Action::Arrive(message.clone(), None));
            let waiting = state.waiting_for(message);
            actions.extend(waiting.map(|at| Action::Arrive(message.clone(), Some(at))));
        }
        let alive = (0..state.runners.len()).filter(|at| state.runners[*at].is_some());
        for at in alive {
            actions.push(Action::Crash(at));
            if state.overdue {
                actions.push(Action::GiveUp(at));
            }
        }
        if state.runners.len() < self.claims && state.shop.is_claimable() {
            actions.push(Action::Claim);
        }
        if !state.overdue {
            actions.push(Action::SettleBy);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Arrive(message, heard) => next.arrive(&message, heard, self.bug),
            Action::GiveUp(at) => next.give_up(at, self.bug),
            Action::Crash(at) => next.runners[at] = None,
            Action::Claim => next.claim(self.bug),
            Action::SettleBy => next.overdue = true,
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        [Self::invariants(), Self::reached()].concat()
    }
}

impl Placing {
    /// What holds in every state.
    fn invariants() -> Vec<Property<Self>> {
        vec![
            Property::always("one key, one order", |_, state: &State| {
                state.shop.orders <= 1
            }),
            Property::always(
                "a confirmed order is paid, and its units are sold",
                |_, state: &State| {
                    let shop = &state.shop;
                    shop.status != Some(Status::Confirmed) || shop.is_charged() && shop.sold == 1
                },
            ),
            Property::always(
                "a rejected order costs nothing, now and later",
                |_, state: &State| {
                    let rejected = matches!(state.shop.status, Some(Status::Rejected(_)));
                    !rejected || !state.shop.is_charged() && state.shop.held == 0
                },
            ),
            Property::always("money and stock are conserved", |_, state: &State| {
                state.shop.is_conserved()
            }),
            Property::always("what has settled stays as it is", |_, state: &State| {
                state.settled.is_none() || state.settled == state.shop.status
            }),
            Property::always("what the customer has heard is so", |_, state: &State| {
                state.told.is_none() || state.told == state.settled
            }),
            Property::always(
                "once nothing fails any more, it settles",
                |model: &Self, state: &State| state.clone().settles_in_the_end(model.bug),
            ),
        ]
    }

    /// What some state must show, or the invariants would hold for want of anything that happens.
    fn reached() -> Vec<Property<Self>> {
        vec![
            Property::sometimes("it is confirmed by a recoverer", |_, state: &State| {
                state.shop.status == Some(Status::Confirmed) && state.shop.saga.epoch > 1
            }),
            Property::sometimes("it was charged, and is rejected", |_, state: &State| {
                let given_back = matches!(state.shop.payment, Some(Payment::Refunded { .. }));
                let why = Status::Rejected(Reason::PaymentUnavailable);
                given_back && state.shop.status == Some(why)
            }),
            Property::sometimes("it is declined for want of money", |_, state: &State| {
                state.shop.status == Some(Status::Rejected(Reason::PaymentDeclined))
            }),
            Property::sometimes(
                "one goes forward while another goes back",
                |_, state: &State| {
                    let at =
                        |which: fn(&Move<Step>) -> bool| state.runners.iter().flatten().any(which);
                    at(|it| matches!(it, Move::Take(_))) && at(|it| matches!(it, Move::Undo(_)))
                },
            ),
            Property::sometimes("three are at it", |_, state: &State| {
                state.runners.iter().flatten().count() == 3
            }),
            Property::sometimes(
                "it has settled, and the customer does not know",
                |_, state: &State| state.settled.is_some() && state.told.is_none(),
            ),
        ]
    }
}

/// The saga that this is the model of.
type Saga = PlaceOrder;
