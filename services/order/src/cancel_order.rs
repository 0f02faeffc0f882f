//! Cancelling an order: stock back, money back. It only goes forward.

use std::sync::Arc;

use retry::Deadline;
use saga::{Ending, Lease, Saga, Taken};
use uuid::Uuid;

use crate::domain::key::Key;
use crate::domain::order::{Order, Reason, Status};
use crate::settling::in_time;
use crate::store::cancel::{self as store, Begun, Cancelling};
use crate::store::settle::Task;
use crate::{Error, Tools};

/// The steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The units are on the shelf again.
    ReturnStock,
    /// What is left of the money is in the wallet again.
    ReturnMoney,
    /// The order is cancelled.
    Finish,
}

/// The saga of one order.
#[derive(Clone, Debug)]
pub struct CancelOrder {
    order: Uuid,
}

impl Saga for CancelOrder {
    type Step = Step;
    type Tools = Tools;

    const NAME: &'static str = "cancel-order";
    const STEPS: &'static [Step] = &[Step::ReturnStock, Step::ReturnMoney, Step::Finish];
    const LAST_UNDOABLE: Option<Step> = None;
    const OVERDUE: &'static str = Reason::PaymentUnavailable.word();

    async fn load(order: Uuid, _tools: &Tools) -> Result<Self, db::Error> {
        Ok(Self { order })
    }

    async fn take(&self, step: Step, lease: &Lease, tools: &Tools) -> Taken {
        let task = Task {
            order: self.order,
            lease: *lease,
        };
        match step {
            Step::ReturnStock => tools.return_stock(task).await,
            Step::ReturnMoney => tools.wallet.give_back(self.order).await,
            Step::Finish => tools.finish_cancel(task).await,
        }
    }

    async fn undo(&self, _step: Step, _lease: &Lease, _tools: &Tools) -> Taken {
        Taken::Done // Nothing is ever undone here.
    }
}

impl CancelOrder {
    /// The saga that cancels `order`, which is being cancelled.
    pub fn of(order: Uuid) -> Self {
        Self { order }
    }
}

/// Who wants which order cancelled.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which order.
    pub order: Uuid,
    /// Only if it is this customer's.
    pub customer: Option<Uuid>,
    /// Who acts, where it is not the customer.
    pub actor: Option<Uuid>,
    /// The key of the request.
    pub key: Key,
}

/// Cancels an order and waits until stock and money are back, or the caller's deadline is near; tells whether the key had
/// been sent before.
///
/// # Errors
/// Why it is not cancelled.
pub async fn run(tools: &Arc<Tools>, request: Request) -> Result<(Order, bool), Error> {
    in_time(cancel(tools, request)).await
}

async fn cancel(tools: &Arc<Tools>, request: Request) -> Result<(Order, bool), Error> {
    let job = Arc::new(Cancelling {
        order: request.order,
        customer: request.customer,
        actor: request.actor,
        key: request.key,
        saga: tools
            .runner
            .begin::<CancelOrder>(Uuid::now_v7(), request.order),
    });
    match begin(tools, job.clone()).await? {
        Begun::Now(order) => Ok((settle(tools, job, order).await, false)),
        Begun::Before { order, replayed } => Ok((order, replayed)),
        Begun::Refused { status, replayed } => Err(refused(status, replayed)),
        Begun::KeyReused => Err(Error::KeyReused),
    }
}

async fn begin(tools: &Tools, job: Arc<Cancelling>) -> Result<Begun, Error> {
    let begun = tools.db.keyed("begin cancel", move |tx| {
        let job = job.clone();
        Box::pin(async move { store::begin(tx, &job).await })
    });
    Ok(begun.await?)
}

/// Waits for the cancelling to end. It goes on by itself when nobody waits any longer.
async fn settle(tools: &Arc<Tools>, job: Arc<Cancelling>, order: Order) -> Order {
    let saga = CancelOrder::of(job.order);
    let running = tools.runner.start(saga, job.saga.work(), tools.clone());
    let deadline = Deadline::current();
    // Waiting for the money takes no room.
    match deadline.limit(chassis::apart(running.ended())).await {
        Ok(Ending::Done) => order.moved(Status::Cancelled),
        // Somebody else went on with it. Asked by its key, so that the answer rests on what a standby has.
        Ok(Ending::Lost) => match deadline.limit(begin(tools, job)).await {
            Ok(Ok(Begun::Now(order) | Begun::Before { order, .. })) => order,
            _ => order,
        },
        _ => order,
    }
}

fn refused(status: Option<Status>, replayed: bool) -> Error {
    let error = match status {
        None => Error::NotFound("order"),
        Some(Status::Pending) => Error::NotSettled,
        Some(status) => Error::IllegalMove(status.word().into()),
    };
    if replayed {
        return Error::Replayed(Box::new(error));
    }
    error
}
