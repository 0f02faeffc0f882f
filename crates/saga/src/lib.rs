//! Takes steps to the end or undoes them; recovery; the two generic saga tests.
//!
//! A saga is begun inside the transaction that makes its subject ([`store::begin`]), so there is never one without the
//! other. Whoever works on it holds a [`Lease`]; every write of a step names the lease's epoch and changes nothing once
//! somebody else has claimed the saga. The last step ends it in its own transaction ([`store::end`]), and so does the last
//! undo. Nothing is logged between steps: after a crash all of them are taken again, which each is written to bear.

pub mod check;
pub mod course;
mod probe;
mod recover;
mod runner;
pub mod store;
mod turn;

use std::fmt::Debug;
use std::future::Future;

use uuid::Uuid;

pub use probe::{Act, Crash, Probe, Spot};
pub use recover::Book;
pub use runner::{Runner, Running, Settings};
pub use store::{Begin, Row, Stand, Work};

/// Work that spans services.
pub trait Saga: Clone + Send + Sync + 'static {
    /// The steps by name. Each may be taken twice.
    type Step: Copy + Debug + PartialEq + Send + Sync + 'static;
    /// What the steps are taken with.
    type Tools: Send + Sync + 'static;

    /// What it is called in the `sagas` table.
    const NAME: &'static str;
    /// The steps in their order. The last one ends the saga.
    const STEPS: &'static [Self::Step];
    /// After this step it only goes forward; `None` when it never turns back.
    const LAST_UNDOABLE: Option<Self::Step>;
    /// The reason of an undo for which the time to settle ran out.
    const OVERDUE: &'static str;

    /// Finds what the saga of `subject` works with, for whoever takes it over.
    fn load(
        subject: Uuid,
        tools: &Self::Tools,
    ) -> impl Future<Output = Result<Self, db::Error>> + Send;

    /// Takes a step forward.
    fn take(
        &self,
        step: Self::Step,
        lease: &Lease,
        tools: &Self::Tools,
    ) -> impl Future<Output = Taken> + Send;

    /// Takes a step back, also where nothing was done. The first step's undo comes last and ends the saga.
    fn undo(
        &self,
        step: Self::Step,
        lease: &Lease,
        tools: &Self::Tools,
    ) -> impl Future<Output = Taken> + Send;
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Taken {
    /// It is done.
    Done,
    /// The other side decided against it: undo, for this reason.
    Refused(String),
    /// Nobody knows: take it again.
    Unknown,
    /// The epoch is no longer ours: stop.
    Lost,
}

/// The right to work on a saga, until somebody else claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Which saga.
    pub saga: Uuid,
    /// The claim that this lease stands for.
    pub epoch: i64,
}

/// How a runner's work on a saga ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Every step is taken.
    Done,
    /// Every undo is taken.
    Undone,
    /// The lease is over: recovery goes on.
    Left,
    /// Somebody else has claimed it.
    Lost,
}
