//! Products.

pub mod lists;

use db::Tx;
use sqlx::{query, query_as};
use uuid::Uuid;

use crate::domain::product::{Category, Product};
use crate::error::Error;

/// Finds a product, retired or not.
///
/// # Errors
/// When the statement failed.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Product>, db::Error> {
    let found = query_as!(
        Product,
        r#"select p.id, sku, name, description, category, price, active, version, created_at, updated_at,
            s.free as available
        from products p join stock s on s.product_id = p.id
        where p.id = $1"#,
        id
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Lists the categories that have products for sale, by name.
///
/// # Errors
/// When the statement failed.
pub async fn categories(tx: &mut Tx) -> Result<Vec<Category>, db::Error> {
    let found = query_as!(
        Category,
        r#"select category as name, count(*) as "products!" from products
        where active
        group by category
        order by category"#
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Adds a product with its empty shelf.
///
/// # Errors
/// [`Error::SkuTaken`], told by the constraint: whoever comes second finds the first.
pub async fn insert(tx: &mut Tx, product: &Product) -> Result<(), Error> {
    let added = query!(
        "with added as (
            insert into products (id, sku, name, description, category, price, active, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
            returning id
        )
        insert into stock (product_id) select id from added",
        product.id,
        product.sku,
        product.name,
        product.description,
        product.category,
        product.price,
        product.active,
        product.created_at
    );
    added.execute(&mut *tx).await.map_err(refused)?;
    Ok(())
}

/// Writes `product` anew if its version is still current: check and change are one statement, so of two administrators
/// at once one changes nothing and hears so.
///
/// # Errors
/// [`Error::Stale`] and [`Error::SkuTaken`].
pub async fn update(tx: &mut Tx, product: &Product) -> Result<Product, Error> {
    let changed = query_as!(
        Product,
        r#"update products p
        set sku = $3, name = $4, description = $5, category = $6, price = $7, active = $8,
            version = version + 1, updated_at = now()
        from stock s
        where p.id = $1 and version = $2 and s.product_id = p.id
        returning p.id, sku, name, description, category, price, active, version, created_at, updated_at,
            s.free as available"#,
        product.id,
        product.version,
        product.sku,
        product.name,
        product.description,
        product.category,
        product.price,
        product.active
    );
    let changed = changed.fetch_optional(&mut *tx).await.map_err(refused)?;
    changed.ok_or(Error::Stale("product"))
}

/// Adds products that may be there already, told by their ids, with the stock they begin with. Only the seed does so.
///
/// # Errors
/// When a statement failed.
pub async fn plant(tx: &mut Tx, products: &[Product]) -> Result<(), db::Error> {
    for product in products {
        let planted = query!(
            "with added as (
                insert into products (id, sku, name, description, category, price, created_at, updated_at)
                values ($1, $2, $3, $4, $5, $6, $7, $7)
                on conflict do nothing
                returning id
            ), moved as (
                insert into movements (id, product_id, kind, quantity) select $9, id, 'restock', $8::bigint from added where $8 > 0
            )
            insert into stock (product_id, free) select id, $8 from added",
            product.id,
            product.sku,
            product.name,
            product.description,
            product.category,
            product.price,
            product.created_at,
            product.available,
            Uuid::now_v7()
        );
        planted.execute(&mut *tx).await?;
    }
    Ok(())
}

fn refused(error: sqlx::Error) -> Error {
    let error = db::Error::from(error);
    match error.constraint() {
        Some("products_sku_taken") => Error::SkuTaken,
        _ => Error::Data(error),
    }
}
