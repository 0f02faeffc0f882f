//! Lists orders, newest first.

use crate::domain::order::Order;
use crate::store::orders::{self, Filter};
use crate::{Error, Tools};

/// Lists so many orders.
///
/// # Errors
/// When nobody can tell.
pub async fn run(tools: &Tools, filter: Filter, rows: i64) -> Result<Vec<Order>, Error> {
    let listed = tools.db.read("list orders", move |tx| {
        let filter = filter.clone();
        Box::pin(async move { orders::list(tx, &filter, rows).await })
    });
    Ok(listed.await?.own())
}
