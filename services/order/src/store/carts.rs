//! Carts and their items.

use db::Tx;
use sqlx::{query, query_as};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::cart::{Cart, Item};

struct Head {
    id: Uuid,
    customer: Uuid,
    ordered: bool,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl Head {
    fn with(self, items: Vec<Item>) -> Cart {
        Cart {
            id: self.id,
            customer: self.customer,
            ordered: self.ordered,
            items,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// Makes an empty cart.
///
/// # Errors
/// When the statement failed.
pub async fn insert(tx: &mut Tx, id: Uuid, customer: Uuid) -> Result<Cart, db::Error> {
    let made = query_as!(
        Head,
        r#"insert into carts (id, customer_id) values ($1, $2)
        returning id, customer_id as customer, status = 'ordered' as "ordered!", version, created_at, updated_at"#,
        id,
        customer
    );
    Ok(made.fetch_one(&mut *tx).await?.with(Vec::new()))
}

/// Finds a cart of `customer`, with its items at the names and prices of this moment.
///
/// # Errors
/// When a statement failed.
pub async fn find(tx: &mut Tx, id: Uuid, customer: Uuid) -> Result<Option<Cart>, db::Error> {
    let head = query_as!(
        Head,
        r#"select id, customer_id as customer, status = 'ordered' as "ordered!", version, created_at, updated_at
        from carts where id = $1 and customer_id = $2"#,
        id,
        customer
    );
    let Some(head) = head.fetch_optional(&mut *tx).await? else {
        return Ok(None);
    };
    let items = items(tx, id).await?;
    Ok(Some(head.with(items)))
}

/// The same, locked: what is decided on the cart is still true when it is written.
///
/// # Errors
/// When a statement failed.
pub async fn lock(tx: &mut Tx, id: Uuid, customer: Uuid) -> Result<Option<Cart>, db::Error> {
    let head = query_as!(
        Head,
        r#"select id, customer_id as customer, status = 'ordered' as "ordered!", version, created_at, updated_at
        from carts where id = $1 and customer_id = $2
        for no key update"#,
        id,
        customer
    );
    let Some(head) = head.fetch_optional(&mut *tx).await? else {
        return Ok(None);
    };
    // In a statement of its own, begun after the lock was got: it sees what the one before us wrote.
    let items = items(tx, id).await?;
    Ok(Some(head.with(items)))
}

async fn items(tx: &mut Tx, cart: Uuid) -> Result<Vec<Item>, db::Error> {
    let found = query_as!(
        Item,
        "select product_id as product, name, quantity, price as unit_price
        from cart_items join products on products.id = product_id
        where cart_id = $1
        order by added_at, product_id",
        cart
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Puts `quantity` of a product into a locked cart, in place of what was there. Tells whether the product is for sale;
/// if not, the cart stays as it is.
///
/// # Errors
/// When a statement failed.
pub async fn put(tx: &mut Tx, cart: Uuid, product: Uuid, quantity: i32) -> Result<bool, db::Error> {
    let put = query!(
        "insert into cart_items (cart_id, product_id, quantity)
        select $1, id, $3 from products where id = $2 and active
        on conflict (cart_id, product_id) do update set quantity = excluded.quantity",
        cart,
        product,
        quantity
    );
    let put = put.execute(&mut *tx).await?;
    Ok(put.rows_affected() > 0)
}

/// Takes a product out of a locked cart, if it is there.
///
/// # Errors
/// When the statement failed.
pub async fn take_out(tx: &mut Tx, cart: Uuid, product: Uuid) -> Result<(), db::Error> {
    let taken = query!(
        "delete from cart_items where cart_id = $1 and product_id = $2",
        cart,
        product
    );
    taken.execute(&mut *tx).await?;
    Ok(())
}

/// Counts a change of a locked cart.
///
/// # Errors
/// When the statement failed.
pub async fn touch(tx: &mut Tx, cart: Uuid) -> Result<(), db::Error> {
    let touched = query!(
        "update carts set version = version + 1, updated_at = now() where id = $1",
        cart
    );
    touched.execute(&mut *tx).await?;
    Ok(())
}
