//! Restocking a product, once for each key.

use db::Tx;
use uuid::Uuid;

use crate::Tools;
use crate::domain::restocking::Outcome;
use crate::domain::stock::{Movement, Restock, Stock};
use crate::error::Error;
use crate::store::stock;

/// Adds units to a product's shelf. Answers its stock, and whether an earlier request with the same key did it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::KeyReused`].
pub async fn run(tools: &Tools, restock: Restock) -> Result<(Stock, bool), Error> {
    match tools.restocks.submit(restock).await? {
        Outcome::Done { stock, replayed } => {
            tools.remembered.forget(stock.product).await;
            Ok((stock, replayed))
        }
        Outcome::NoProduct => Err(Error::NotFound("product")),
        Outcome::KeyReused => Err(Error::KeyReused),
    }
}

/// Tells how much of a product there is.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn stock(tools: &Tools, product: Uuid) -> Result<Stock, Error> {
    let found = tools
        .db
        .read("stock: find", |tx| Box::pin(stock::find(tx, product)));
    found.await?.value.ok_or(Error::NotFound("product"))
}

/// Lists the movements of a product's free stock, the last one first.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn movements(
    tools: &Tools,
    product: Uuid,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Movement>, Error> {
    let found = tools.db.read("movements: list", |tx| {
        Box::pin(movements_once(tx, product, after, rows))
    });
    found.await?.value.ok_or(Error::NotFound("product"))
}

async fn movements_once(
    tx: &mut Tx,
    product: Uuid,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Option<Vec<Movement>>, db::Error> {
    let known = stock::find(tx, product).await?.is_some();
    let found = stock::movements(tx, product, after, rows).await?;
    Ok(known.then_some(found))
}
