//! How orders move on: check and change are one statement, or are done under the order's lock.

use db::{Error, Tx, audit};
use uuid::Uuid;

use super::{orders, outbox};
use crate::domain::order::{Order, Status};
use crate::move_order::Move;

/// Confirms orders that the same transaction has locked as pending.
///
/// # Errors
/// Only what concerns all of them.
pub async fn confirm(tx: &mut Tx, orders: &[Uuid]) -> Result<(), Error> {
    sqlx::query!(
        "update orders set status = 'confirmed', version = version + 1,
            settled_as = 'confirmed', settled_version = version + 1, settled_at = now()
        where id = any($1) and status = 'pending'",
        orders,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Rejects orders that the same transaction has locked as pending, each for its reason.
///
/// # Errors
/// Only what concerns all of them.
pub async fn reject(tx: &mut Tx, orders: &[Uuid], reasons: &[String]) -> Result<(), Error> {
    sqlx::query!(
        "update orders set status = 'rejected', reason = ($2::text[])[array_position($1, id)], version = version + 1,
            settled_as = 'rejected', settled_version = version + 1, settled_at = now()
        where id = any($1) and status = 'pending'",
        orders,
        reasons,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Begins to cancel an order if it is confirmed, which rules out that it is shipped; tells whether it was.
///
/// # Errors
/// Only what concerns the database.
pub async fn begin_cancel(tx: &mut Tx, order: Uuid) -> Result<bool, Error> {
    let moved = sqlx::query!(
        "update orders set status = 'cancelling', version = version + 1, cancelling_at = now()
        where id = $1 and status = 'confirmed'",
        order,
    );
    Ok(moved.execute(&mut *tx).await?.rows_affected() == 1)
}

/// Ends the cancelling of orders.
///
/// # Errors
/// Only what concerns all of them.
pub async fn end_cancel(tx: &mut Tx, orders: &[Uuid]) -> Result<(), Error> {
    sqlx::query!(
        "update orders set status = 'cancelled', version = version + 1, cancelled_at = now()
        where id = any($1) and status = 'cancelling'",
        orders,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Ships an order if it is confirmed, which rules out that it is cancelled; tells whether it was.
async fn ship(tx: &mut Tx, order: Uuid) -> Result<bool, Error> {
    let moved = sqlx::query!(
        "update orders set status = 'shipped', version = version + 1, shipped_at = now()
        where id = $1 and status = 'confirmed'",
        order,
    );
    Ok(moved.execute(&mut *tx).await?.rows_affected() == 1)
}

/// Marks an order as delivered if it is shipped; tells whether it was.
async fn deliver(tx: &mut Tx, order: Uuid) -> Result<bool, Error> {
    let moved = sqlx::query!(
        "update orders set status = 'delivered', version = version + 1, delivered_at = now()
        where id = $1 and status = 'shipped'",
        order,
    );
    Ok(moved.execute(&mut *tx).await?.rows_affected() == 1)
}

/// What became of a move.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all of them are the large one"
)]
pub enum Moved {
    /// The order after it.
    Done(Order),
    /// The order stands where the move does not begin.
    Elsewhere(Status),
    /// There is no such order.
    NotFound,
}

/// Moves an order on, with its audit and what its customer hears.
///
/// # Errors
/// Only what concerns the database.
pub async fn carry_out(tx: &mut Tx, order: Uuid, actor: Uuid, to: Move) -> Result<Moved, Error> {
    let moved = match to {
        Move::Ship => ship(tx, order).await?,
        Move::Deliver => deliver(tx, order).await?,
    };
    let Some(after) = orders::find_one(tx, order, None).await? else {
        return Ok(Moved::NotFound);
    };
    if !moved {
        return Ok(Moved::Elsewhere(after.status));
    }
    let before = after.history().into_iter().rev().nth(1);
    let before = before.map_or_else(|| after.clone(), |event| event.order);
    audit::insert(tx, &[super::act(actor, to.action(), &before, &after)]).await?;
    outbox::insert(tx, &[(order, after.customer)], to.notice()).await?;
    Ok(Moved::Done(after))
}
