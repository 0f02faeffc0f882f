//! Free units and every change of them.

use db::Tx;
use sqlx::query_as;
use uuid::Uuid;

use crate::domain::stock::{Movement, Stock};

/// Tells how much of a product there is.
///
/// # Errors
/// When the statement failed.
pub async fn find(tx: &mut Tx, product: Uuid) -> Result<Option<Stock>, db::Error> {
    let found = query_as!(
        Stock,
        r#"select product_id as product, free,
            coalesce((select sum(quantity) from holds where holds.product_id = stock.product_id), 0) as "held!"
        from stock where product_id = $1"#,
        product
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Lists the movements of a product's free stock, the last one first, from behind `after` on.
///
/// # Errors
/// When the statement failed.
pub async fn movements(
    tx: &mut Tx,
    product: Uuid,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Movement>, db::Error> {
    let found = query_as!(
        Movement,
        r#"select id, product_id as product, order_id as "order", kind, quantity, moved_at from movements
        where product_id = $1 and id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        order by id desc
        limit $3"#,
        product,
        after,
        rows
    );
    Ok(found.fetch_all(&mut *tx).await?)
}
