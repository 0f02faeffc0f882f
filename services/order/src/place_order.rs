//! Placing an order: hold the stock, take the money, confirm.

use std::sync::Arc;

use chassis::apart;
use retry::Deadline;
use saga::{Ending, Lease, Running, Saga, Taken};
use uuid::Uuid;

use crate::domain::new_order::NewOrder;
use crate::domain::order::{Order, Reason, Status};
use crate::settling::{find, in_time};
use crate::store::place::{Placed, Placing};
use crate::store::settle::Task;
use crate::{Error, Tools};

/// The steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The units are held.
    HoldStock,
    /// The money is taken.
    TakeMoney,
    /// The order is confirmed.
    Confirm,
}

/// The saga of one order.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    order: Order,
}

impl Saga for PlaceOrder {
    type Step = Step;
    type Tools = Tools;

    const NAME: &'static str = "place-order";
    const STEPS: &'static [Step] = &[Step::HoldStock, Step::TakeMoney, Step::Confirm];
    const LAST_UNDOABLE: Option<Step> = Some(Step::TakeMoney);
    const OVERDUE: &'static str = Reason::PaymentUnavailable.word();

    async fn load(order: Uuid, tools: &Tools) -> Result<Self, db::Error> {
        let order = find(&tools.db, order).await?;
        Ok(Self { order })
    }

    async fn take(&self, step: Step, lease: &Lease, tools: &Tools) -> Taken {
        match step {
            Step::HoldStock => Taken::Done, // Held by the placing transaction, together with this saga's row.
            Step::TakeMoney => tools.wallet.charge(&self.order).await,
            Step::Confirm => tools.confirm(self.task(lease)).await,
        }
    }

    async fn undo(&self, step: Step, lease: &Lease, tools: &Tools) -> Taken {
        match step {
            Step::HoldStock => tools.release(self.task(lease)).await,
            Step::TakeMoney => tools.wallet.compensate(self.order.id).await,
            Step::Confirm => Taken::Done, // Past `LAST_UNDOABLE`: this step is only ever repeated.
        }
    }
}

impl PlaceOrder {
    /// The saga of `order`, which has just been placed.
    pub fn of(order: Order) -> Self {
        Self { order }
    }

    fn task(&self, lease: &Lease) -> Task {
        Task {
            order: self.order.id,
            lease: *lease,
        }
    }
}

/// Places an order and waits until it has settled, or the caller's deadline is near; tells whether its key had been sent
/// before.
///
/// # Errors
/// Why it was not placed. Once it is known to be placed there is none: at worst it is still pending.
pub async fn run(tools: &Arc<Tools>, new: NewOrder) -> Result<(Order, bool), Error> {
    in_time(place(tools, new)).await
}

async fn place(tools: &Arc<Tools>, new: NewOrder) -> Result<(Order, bool), Error> {
    let saga = tools.runner.begin::<PlaceOrder>(new.id, new.id);
    let placing = Arc::new(Placing { new, saga });
    match tools.places.submit(placing.clone()).await? {
        Placed::Order { order, replayed } if replayed || !order.is_pending() => {
            Ok((order, replayed))
        }
        Placed::Order { order, .. } => {
            let saga = PlaceOrder::of(order.clone());
            let running = tools.runner.start(saga, placing.saga.work(), tools.clone());
            Ok((settle(tools, placing, order, running).await, false))
        }
        Placed::Refused {
            why,
            replayed: false,
        } => Err(Error::Refused(why)),
        Placed::Refused { why, .. } => Err(Error::Replayed(Box::new(Error::Refused(why)))),
        Placed::KeyReused => Err(Error::KeyReused),
    }
}

/// Waits for the order to settle. It goes on by itself when nobody waits any longer.
async fn settle(tools: &Tools, placing: Arc<Placing>, order: Order, running: Running) -> Order {
    let deadline = Deadline::current();
    // From here on it waits for the payment, and takes no room.
    let ended = deadline.limit(apart(running.ended())).await;
    match ended {
        Ok(Ending::Done) => order.moved(Status::Confirmed),
        Ok(Ending::Undone | Ending::Lost) => {
            // Asked by its key, so that the answer rests on what a standby has.
            match deadline.limit(tools.places.submit(placing)).await {
                Ok(Ok(Placed::Order { order, .. })) => order,
                _ => order,
            }
        }
        Ok(Ending::Left) | Err(_) => order,
    }
}
