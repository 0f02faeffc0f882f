//! The row in which charge and refund of an order meet, statement by statement.
//!
//! Real: [`Till`](user::domain::wallet::Till), which decides. Written out here: what Postgres does in read committed (a row that
//! somebody has inserted and not committed is waited for, a lock is held to the end, a statement sees what was committed before
//! it), and the statements of `user::charge`, `user::refund` and `user::store::payments`.
//!
//! | action | rule |
//! |---|---|
//! | [`Action::Insert`] | the primary key is the judge: charge inserts `charged`, a refund of all inserts `void` |
//! | [`Action::LockPayment`] | whoever finds the row obeys it, under its lock |
//! | [`Action::LockWallet`] | rows are locked table by table in one order, so nobody waits for ever |
//! | [`Action::Decide`] | decided in Rust on what was read after the last lock was got |
//! | [`Action::Commit`] | a commit whose answer is lost is unknown, and resolved by the same keyed transaction again |
//! | [`Action::Break`] | a crash or a broken connection before COMMIT: nothing was kept, the job is run again |

mod bank;
mod job;

use stateright::{Model, Property};
use user::domain::wallet::{Charged, Kind, Payment};

pub use bank::Bank;
pub use job::{At, Job, Outcome};

/// The model, within its bounds.
#[derive(Clone, Debug)]
pub struct Payments {
    /// What is asked for, all at once; the same thing twice is a repetition that nobody could call back.
    pub asked: Vec<Asked>,
    /// What is done wrong.
    pub bug: Option<Bug>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// Take the order's money.
    Charge,
    /// Give money back, by the refund of this number.
    Refund(u128, Kind),
}

/// What can be done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A refund that finds no row leaves none behind.
    RefundWithoutVoid,
    /// A charge that finds a row takes it for its own.
    ChargeTrustsConflict,
    /// Payments are read without a lock.
    NoRowLock,
}

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// What is committed, and who has locked what.
    pub bank: Bank,
    /// What is asked for, and how far each is.
    pub jobs: Vec<Job>,
}

/// What may happen, to the job of this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It inserts the order's row, or finds one.
    Insert(usize),
    /// It locks the order's row, and reads it.
    LockPayment(usize),
    /// It locks the customer's wallet, and reads it.
    LockWallet(usize),
    /// It decides, and writes.
    Decide(usize),
    /// It commits; the second says whether its caller hears of it.
    Commit(usize, bool),
    /// Its connection breaks before that.
    Break(usize),
}

impl Action {
    fn all(at: usize) -> [Self; 7] {
        [
            Self::Insert(at),
            Self::LockPayment(at),
            Self::LockWallet(at),
            Self::Decide(at),
            Self::Commit(at, true),
            Self::Commit(at, false),
            Self::Break(at),
        ]
    }
}

impl Model for Payments {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let jobs: Vec<Job> = self.asked.iter().copied().map(Job::of).collect();
        let state = |balance| State {
            bank: Bank::of(balance),
            jobs: jobs.clone(),
        };
        [bank::PRICE + 1, bank::PRICE - 1].map(state).to_vec()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let all = (0..state.jobs.len()).flat_map(Action::all);
        actions.extend(all.filter(|action| state.clone().go(*action, self.bug)));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        next.go(action, self.bug).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        [Self::invariants(), Self::reached()].concat()
    }
}

impl Payments {
    /// What holds in every state.
    fn invariants() -> Vec<Property<Self>> {
        vec![
            Property::always(
                "an order that was undone is not charged at the end",
                |_, state: &State| {
                    let undone = state
                        .bank
                        .refunds
                        .keys()
                        .any(|(_, kind)| *kind != "partial");
                    !undone || !matches!(state.bank.payment, Some(Payment::Charged { .. }))
                },
            ),
            Property::always("money is conserved", |_, state: &State| {
                state.bank.is_conserved()
            }),
            Property::always("no more goes back than was charged", |_, state: &State| {
                let back: i64 = state.bank.refunds.values().map(|made| made.amount).sum();
                back <= state.bank.taken && state.bank.balance >= 0
            }),
            Property::always("what was answered stays so", |_, state: &State| {
                state.jobs.iter().all(|job| job.is_true_of(&state.bank))
            }),
            Property::always(
                "somebody can always go on",
                |model: &Self, state: &State| {
                    let done = state.jobs.iter().all(|job| matches!(job.at, At::Done(_)));
                    let mut actions = Vec::new();
                    model.actions(state, &mut actions);
                    actions.retain(|action| !matches!(action, Action::Break(_)));
                    done || !actions.is_empty()
                },
            ),
        ]
    }

    /// What some state must show, or the invariants would hold for want of anything that happens.
    fn reached() -> Vec<Property<Self>> {
        vec![
            Property::sometimes("a charge finds the order void", |_, state: &State| {
                let void = |job: &Job| {
                    job.found()
                        .is_some_and(|row| matches!(row, Payment::Void { .. }))
                };
                state
                    .jobs
                    .iter()
                    .any(|job| job.asked == Asked::Charge && void(job))
            }),
            Property::sometimes(
                "a refund waits for a charge that is not committed",
                |_, state: &State| {
                    let all = |job: &Job| matches!(job.asked, Asked::Refund(_, kind) if !matches!(kind, Kind::Partial(_)));
                    let waits = |job: &Job| job.at == At::Idle && all(job);
                    state.bank.has_new_row() && state.jobs.iter().any(waits)
                },
            ),
            Property::sometimes("the money went there and back", |_, state: &State| {
                matches!(state.bank.payment, Some(Payment::Refunded { .. }))
            }),
            Property::sometimes("a charge is declined", |_, state: &State| {
                state
                    .jobs
                    .iter()
                    .any(|job| matches!(job.at, At::Done(Outcome::Charged(Charged::Declined(_)))))
            }),
            Property::sometimes("a refund is refused", |_, state: &State| {
                state
                    .jobs
                    .iter()
                    .any(|job| matches!(job.at, At::Done(Outcome::Refunded(Err(_)))))
            }),
            Property::sometimes("a part went back before the rest", |_, state: &State| {
                let refunds = &state.bank.refunds;
                refunds.len() == 2 && refunds.values().all(|made| made.amount > 0)
            }),
        ]
    }
}
