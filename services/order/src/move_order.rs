//! Shipping and delivering: one conditional update each, audited.

use uuid::Uuid;

use crate::domain::order::{Order, Status};
use crate::store::moves::{self, Moved};
use crate::{Error, Tools};

/// Where an order is moved on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// From confirmed to shipped.
    Ship,
    /// From shipped to delivered.
    Deliver,
}

impl Move {
    /// Where the order stands after it.
    pub const fn to(self) -> Status {
        match self {
            Self::Ship => Status::Shipped,
            Self::Deliver => Status::Delivered,
        }
    }

    /// What the audit calls it.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Ship => "order.ship",
            Self::Deliver => "order.deliver",
        }
    }

    /// What the customer hears.
    pub const fn notice(self) -> &'static str {
        match self {
            Self::Ship => "order.shipped",
            Self::Deliver => "order.delivered",
        }
    }
}

/// Moves an order on, if it stands where the move begins.
///
/// # Errors
/// When there is no such order, or it stands elsewhere.
pub async fn run(tools: &Tools, order: Uuid, actor: Uuid, to: Move) -> Result<Order, Error> {
    let moved = tools.db.write("move order", move |tx| {
        Box::pin(moves::carry_out(tx, order, actor, to))
    });
    match moved.await? {
        Moved::Done(order) => Ok(order),
        Moved::Elsewhere(status) => Err(Error::IllegalMove(status.word().into())),
        Moved::NotFound => Err(Error::NotFound("order")),
    }
}
