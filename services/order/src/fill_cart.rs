//! Filling a cart.

use db::Tx;
use uuid::Uuid;

use crate::Tools;
use crate::domain::cart::{Cart, Wish};
use crate::error::Error;
use crate::store::carts;

/// Makes an empty cart for `customer`.
///
/// # Errors
/// When the database did not answer.
pub async fn create(tools: &Tools, customer: Uuid) -> Result<Cart, Error> {
    let id = Uuid::now_v7();
    let made = tools.db.write("carts: create", |tx| {
        Box::pin(carts::insert(tx, id, customer))
    });
    Ok(made.await?)
}

/// Finds a cart of `customer`, at the prices of this moment.
///
/// # Errors
/// [`Error::NotFound`], also for the cart of another customer.
pub async fn find(tools: &Tools, id: Uuid, customer: Uuid) -> Result<Cart, Error> {
    let found = tools
        .db
        .read("carts: find", |tx| Box::pin(carts::find(tx, id, customer)));
    found.await?.own().ok_or(Error::NotFound("cart"))
}

/// Sets how many of a product are in a cart, made from `version`; 0 means whichever is current.
///
/// # Errors
/// [`Error::NotFound`], [`Error::ProductNotFound`], and why the cart stays as it is.
pub async fn set(
    tools: &Tools,
    id: Uuid,
    customer: Uuid,
    version: i64,
    wish: Wish,
) -> Result<Cart, Error> {
    let filled = tools.db.write("carts: set item", |tx| {
        Box::pin(set_once(tx, id, customer, version, wish))
    });
    filled.await
}

async fn set_once(
    tx: &mut Tx,
    id: Uuid,
    customer: Uuid,
    version: i64,
    wish: Wish,
) -> Result<Cart, Error> {
    let missing = || Error::NotFound("cart");
    let cart = carts::lock(tx, id, customer).await?.ok_or_else(missing)?;
    match cart.fulfil(wish, version)? {
        0 => carts::take_out(tx, id, wish.product()).await?,
        quantity => {
            let for_sale = carts::put(tx, id, wish.product(), quantity).await?;
            for_sale.then_some(()).ok_or(Error::ProductNotFound)?;
        }
    }
    carts::touch(tx, id).await?;
    carts::find(tx, id, customer).await?.ok_or_else(missing)
}
