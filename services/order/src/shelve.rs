//! Adding products and changing them, each together with its entry in the audit.

use api::id::PRODUCT;
use db::{Tx, audit};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Tools;
use crate::domain::product::{Facts, Product};
use crate::error::Error;
use crate::store::products;

/// Adds a product of which `facts` are true.
///
/// # Errors
/// [`Error::Invalid`] where a fact is missing, [`Error::SkuTaken`].
pub async fn create(tools: &Tools, actor: Uuid, facts: Facts) -> Result<Product, Error> {
    let product = facts.into_product(Uuid::now_v7(), OffsetDateTime::now_utc())?;
    let id = product.id;
    let added = tools.db.write("products: create", |tx| {
        Box::pin(create_once(tx, actor, &product))
    });
    let added = added.await?;
    tools.remembered.forget(id).await;
    Ok(added)
}

/// Makes `facts` true of a product if `version` is still current.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::SkuTaken`].
pub async fn update(
    tools: &Tools,
    actor: Uuid,
    id: Uuid,
    version: i64,
    facts: Facts,
) -> Result<Product, Error> {
    let change = Change {
        actor,
        id,
        version,
        facts,
    };
    let changed = tools
        .db
        .write("products: update", |tx| Box::pin(update_once(tx, &change)));
    let changed = changed.await?;
    tools.remembered.forget(id).await;
    Ok(changed)
}

struct Change {
    actor: Uuid,
    id: Uuid,
    version: i64,
    facts: Facts,
}

async fn create_once(tx: &mut Tx, actor: Uuid, product: &Product) -> Result<Product, Error> {
    products::insert(tx, product).await?;
    let added = products::find(tx, product.id).await?;
    let added = added.ok_or(Error::NotFound("product"))?;
    keep_act(tx, actor, "product.create", None, &added).await?;
    Ok(added)
}

async fn update_once(tx: &mut Tx, change: &Change) -> Result<Product, Error> {
    let before = products::find(tx, change.id).await?;
    let before = before.ok_or(Error::NotFound("product"))?;
    if before.version != change.version {
        return Err(Error::Stale("product"));
    }
    // Whoever came between changed the version too, so if this finds a row, `before` is what it was.
    let meant = change.facts.clone().applied_to(before.clone());
    let after = products::update(tx, &meant).await?;
    keep_act(tx, change.actor, "product.update", Some(&before), &after).await?;
    Ok(after)
}

async fn keep_act(
    tx: &mut Tx,
    actor: Uuid,
    action: &'static str,
    before: Option<&Product>,
    after: &Product,
) -> Result<(), Error> {
    let act = audit::New {
        id: Uuid::now_v7(),
        actor,
        action,
        subject: PRODUCT.write(after.id),
        before: before.map(snapshot),
        after: Some(snapshot(after)),
    };
    Ok(audit::insert(tx, &[act]).await?)
}

/// A product as the audit shows it.
fn snapshot(product: &Product) -> Value {
    json!({
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "price": product.price,
        "active": product.active,
        "version": product.version,
    })
}
