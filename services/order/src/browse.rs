//! Looking around: products, lists of them, and categories, all through what is remembered.

use api::token::Seen;
use uuid::Uuid;

use crate::Tools;
use crate::domain::listing::{Listed, Place, Wanted};
use crate::domain::product::{Category, Product};
use crate::error::Error;
use crate::store::products;

/// Finds a product, retired or not.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn product(tools: &Tools, id: Uuid) -> Result<Product, Error> {
    let load = || load(tools, id);
    let key = id.to_string();
    Ok(tools.remembered.products.get(&key, load).await?.value)
}

/// Lists `rows` of the products `wanted`, from behind `after` on.
///
/// # Errors
/// When the database did not answer.
pub async fn list(
    tools: &Tools,
    wanted: Wanted,
    after: Option<Place>,
    rows: i64,
) -> Result<Vec<Listed>, Error> {
    let key = format!("{wanted:?} {after:?} {rows}");
    let load = || async {
        let found = tools.db.read("products: list", |tx| {
            Box::pin(products::lists::list(tx, &wanted, after.as_ref(), rows))
        });
        found.await.map_err(Error::from)
    };
    Ok(tools.remembered.lists.get(&key, load).await?.value)
}

/// Lists the categories that have products for sale.
///
/// # Errors
/// When the database did not answer.
pub async fn categories(tools: &Tools) -> Result<Vec<Category>, Error> {
    let load = || async {
        let found = tools.db.read("products: categories", |tx| {
            Box::pin(products::categories(tx))
        });
        found.await.map_err(Error::from)
    };
    Ok(tools.remembered.categories.get("all", load).await?.value)
}

async fn load(tools: &Tools, id: Uuid) -> Result<Seen<Product>, Error> {
    let found = tools
        .db
        .read("products: find", |tx| Box::pin(products::find(tx, id)));
    let Seen {
        value,
        cluster,
        position,
        primary,
    } = found.await?;
    let value = value.ok_or(Error::NotFound("product"))?;
    Ok(Seen {
        value,
        cluster,
        position,
        primary,
    })
}
