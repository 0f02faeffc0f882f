//! Tells what happens to an order, until nothing more can happen.

use std::sync::Arc;
use std::time::Duration;

use api::token;
use async_stream::try_stream;
use futures::Stream;
use tokio::time::sleep;
use uuid::Uuid;

use crate::domain::order::{Event, Order};
use crate::store::orders;
use crate::{Error, Tools};

/// How often somebody who watches is told: often enough for a person.
const LOOK: Duration = Duration::from_millis(500);

/// Streams the events of an order after `version`, where given only of this customer.
///
/// # Errors
/// When there is no such order, or nobody can tell.
pub async fn watch(
    tools: Arc<Tools>,
    id: Uuid,
    customer: Option<Uuid>,
    version: i64,
) -> Result<impl Stream<Item = Result<Event, Error>> + Send + use<>, Error> {
    let mut order = find(&tools, id, customer).await?;
    // What follows must not be read from a replica that is behind the first look.
    let seen_at = token::given();
    Ok(try_stream! {
        let mut seen = version;
        loop {
            for event in order.history() {
                if event.order.version > seen {
                    seen = event.order.version;
                    yield event;
                }
            }
            if order.status.is_final() {
                break;
            }
            sleep(LOOK).await;
            order = token::scope(seen_at, find(&tools, id, customer)).await.0?;
        }
    })
}

/// Finds an order, where given only of this customer.
///
/// # Errors
/// When there is none, or nobody can tell.
pub async fn find(tools: &Tools, id: Uuid, customer: Option<Uuid>) -> Result<Order, Error> {
    let found = tools.db.read("find order", move |tx| {
        Box::pin(orders::find_one(tx, id, customer))
    });
    found.await?.own().ok_or(Error::NotFound("order"))
}
