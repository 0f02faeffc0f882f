//! Carts, as the orders that consume them see them.

use std::collections::{BTreeSet, HashMap};

use db::{Error, Tx};
use uuid::Uuid;

use crate::domain::new_order::Item;
use crate::domain::order::Order;
use crate::domain::shelf::Basket;

/// Locks carts in the order of their ids, and then reads what is in them. Whoever changes a cart locks it first.
///
/// # Errors
/// Only what concerns all of them.
pub async fn lock(tx: &mut Tx, ids: &BTreeSet<Uuid>) -> Result<HashMap<Uuid, Basket>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    let carts = sqlx::query!(
        r#"select id, customer_id, status = 'ordered' as "ordered!"
        from carts where id = any($1) order by id for no key update"#,
        &ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    let carts = carts.into_iter().map(|cart| {
        let basket = Basket {
            customer: cart.customer_id,
            ordered: cart.ordered,
            items: Vec::new(),
        };
        (cart.id, basket)
    });
    let mut carts: HashMap<Uuid, Basket> = carts.collect();
    let items = sqlx::query!(
        "select cart_id, product_id, quantity from cart_items
        where cart_id = any($1) order by cart_id, product_id",
        &ids,
    );
    for item in items.fetch_all(&mut *tx).await? {
        if let Some(cart) = carts.get_mut(&item.cart_id) {
            cart.items.push(Item {
                product: item.product_id,
                quantity: item.quantity,
            });
        }
    }
    Ok(carts)
}

/// Marks the carts of `orders`, which the same transaction has locked, as ordered.
///
/// # Errors
/// Only what concerns all of them.
pub async fn consume(tx: &mut Tx, orders: &[&Order]) -> Result<(), Error> {
    let consumed = orders
        .iter()
        .filter_map(|order| Some((order.cart?, order.id)));
    let (carts, orders): (Vec<Uuid>, Vec<Uuid>) = consumed.unzip();
    if carts.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update carts set status = 'ordered', order_id = ($2::uuid[])[array_position($1, id)],
            version = version + 1, updated_at = now()
        where id = any($1)",
        &carts,
        &orders,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Locks the carts of orders, in the order of their ids, before the orders themselves are locked. Which cart an order was
/// placed from never changes.
///
/// # Errors
/// Only what concerns all of them.
pub async fn lock_of(tx: &mut Tx, orders: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let carts = sqlx::query_scalar!(
        "select id from carts where id = any (array(
            select cart_id from orders where id = any($1) and cart_id is not null))
        order by id for no key update",
        orders,
    );
    Ok(carts.fetch_all(&mut *tx).await?)
}

/// Gives those of `carts` back that `orders` have consumed.
///
/// # Errors
/// Only what concerns all of them.
pub async fn give_back(tx: &mut Tx, carts: &[Uuid], orders: &[Uuid]) -> Result<(), Error> {
    if carts.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update carts set status = 'open', order_id = null, version = version + 1, updated_at = now()
        where id = any($1) and order_id = any($2)",
        carts,
        orders,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Removes some of the carts that nobody has changed for 30 days, and tells how many. Those of pending orders stay: a
/// release gives them back.
///
/// # Errors
/// Only what concerns the database.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, Error> {
    let pruned = sqlx::query!(
        "delete from carts where id = any (array(
            select id from carts where updated_at < now() - interval '30 days'
                and not exists (select from orders where orders.id = carts.order_id and orders.status = 'pending')
            order by updated_at limit $1 for update skip locked))",
        most,
    );
    Ok(pruned.execute(&mut *tx).await?.rows_affected())
}
