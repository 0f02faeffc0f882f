//! What the sagas of orders share: finding their order, and how long a caller waits for them.

use std::time::Duration;

use db::{Db, Error};
use retry::Deadline;
use uuid::Uuid;

use crate::domain::order::Order;
use crate::store::orders;

/// What is kept back of a caller's time, so that an answer gets there while somebody waits for it.
const ANSWER: Duration = Duration::from_millis(200);

/// Carries out what a caller waits for, with a deadline that leaves time to say how it stands: that nothing was kept, or that
/// nobody knows, or that the order is pending.
pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    let left = Deadline::current().remaining();
    let deadline = Deadline::after(left.saturating_sub(ANSWER.min(left / 5)));
    deadline.scope(work).await
}

/// Finds an order that is known to be there.
///
/// # Errors
/// Only what concerns the database.
pub(crate) async fn find(db: &Db, id: Uuid) -> Result<Order, Error> {
    let found = db
        .read_primary("find order", move |tx| {
            Box::pin(orders::find_one(tx, id, None))
        })
        .await?;
    Ok(found.value.ok_or(sqlx::Error::RowNotFound)?)
}
