//! Free units, and the holds on them: taken, bought, given back. Every change of free stock leaves a movement.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use db::{Error, Tx};
use uuid::Uuid;

use crate::domain::order::Order;
use crate::domain::shelf::Good;

/// Units of a product that belong to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    /// Whose they are.
    pub order: Uuid,
    /// Which product.
    pub product: Uuid,
    /// How many.
    pub quantity: i32,
}

/// Locks the stock of products in the order of their ids, and then reads what they are called and cost. What is not for
/// sale is missing.
///
/// # Errors
/// Only what concerns all of them.
pub async fn lock(tx: &mut Tx, products: &BTreeSet<Uuid>) -> Result<HashMap<Uuid, Good>, Error> {
    if products.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = products.iter().copied().collect();
    let stock = sqlx::query!(
        "select product_id, free from stock where product_id = any($1) order by product_id for no key update",
        &ids,
    );
    let stock = stock.fetch_all(&mut *tx).await?;
    let free: HashMap<Uuid, i64> = stock.iter().map(|row| (row.product_id, row.free)).collect();
    let products = sqlx::query!(
        "select id, name, price from products where id = any($1) and active",
        &ids,
    );
    let goods = products
        .fetch_all(&mut *tx)
        .await?
        .into_iter()
        .filter_map(|row| {
            let good = Good {
                name: row.name,
                price: row.price,
                free: *free.get(&row.id)?,
            };
            Some((row.id, good))
        });
    Ok(goods.collect())
}

/// Takes the lines of `orders` off the shelf, whose stock the same transaction has locked, and holds them.
///
/// # Errors
/// Only what concerns all of them: among it that less is free than is taken, which the lock prevents.
pub async fn take(tx: &mut Tx, orders: &[&Order]) -> Result<(), Error> {
    let units = orders.iter().flat_map(|order| {
        order.lines.iter().map(|line| Units {
            order: order.id,
            product: line.product,
            quantity: line.quantity,
        })
    });
    let units: Vec<Units> = units.collect();
    if units.is_empty() {
        return Ok(());
    }
    let all = Columns::of(&units);
    let (products, sums) = by_product(&units);
    sqlx::query!(
        "with held as (
            insert into holds (order_id, product_id, quantity)
            select * from unnest($2::uuid[], $3::uuid[], $4::int[])
        ), moved as (
            insert into movements (id, order_id, product_id, kind, quantity)
            select id, order_id, product_id, 'hold', -quantity
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as unit (id, order_id, product_id, quantity)
        )
        update stock set free = free - ($6::bigint[])[array_position($5, product_id)]
        where product_id = any($5)",
        &all.ids,
        &all.orders,
        &all.products,
        &all.quantities,
        &products,
        &sums,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Lets the holds of orders go that have bought what they held.
///
/// # Errors
/// Only what concerns all of them.
pub async fn sell(tx: &mut Tx, orders: &[Uuid]) -> Result<(), Error> {
    sqlx::query!("delete from holds where order_id = any($1)", orders)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Lets the holds of orders go that are not bought, and puts back what those rows say.
///
/// # Errors
/// Only what concerns all of them.
pub async fn release(tx: &mut Tx, orders: &[Uuid]) -> Result<(), Error> {
    let held = sqlx::query_as!(
        Units,
        r#"delete from holds where order_id = any($1)
        returning order_id as "order", product_id as product, quantity"#,
        orders,
    );
    let held = held.fetch_all(&mut *tx).await?;
    put_back(tx, "release", &held).await
}

/// Puts back what orders had bought.
///
/// # Errors
/// Only what concerns all of them.
pub async fn give_back(tx: &mut Tx, orders: &[Uuid]) -> Result<(), Error> {
    let bought = sqlx::query_as!(
        Units,
        r#"select order_id as "order", product_id as product, quantity from order_lines where order_id = any($1)"#,
        orders,
    );
    let bought = bought.fetch_all(&mut *tx).await?;
    put_back(tx, "return", &bought).await
}

/// Puts units back once: a movement is unique by order, product and kind, so the second time nothing moves.
async fn put_back(tx: &mut Tx, kind: &str, units: &[Units]) -> Result<(), Error> {
    if units.is_empty() {
        return Ok(());
    }
    let all = Columns::of(units);
    let (products, _) = by_product(units);
    sqlx::query!(
        "select product_id from stock where product_id = any($1) order by product_id for no key update",
        &products,
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!(
        "with moved as (
            insert into movements (id, order_id, product_id, kind, quantity)
            select id, order_id, product_id, $5, quantity
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as unit (id, order_id, product_id, quantity)
            on conflict on constraint movements_once do nothing
            returning product_id, quantity
        ), back as (
            select product_id, sum(quantity) as units from moved group by product_id
        )
        update stock set free = free + back.units from back
        where stock.product_id = back.product_id and stock.product_id = any($6)",
        &all.ids,
        &all.orders,
        &all.products,
        &all.quantities,
        kind,
        &products,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// How many units of each product, sorted.
fn by_product(units: &[Units]) -> (Vec<Uuid>, Vec<i64>) {
    let mut sums = BTreeMap::<Uuid, i64>::new();
    for unit in units {
        *sums.entry(unit.product).or_default() += i64::from(unit.quantity);
    }
    sums.into_iter().unzip()
}

struct Columns {
    ids: Vec<Uuid>,
    orders: Vec<Uuid>,
    products: Vec<Uuid>,
    quantities: Vec<i32>,
}

impl Columns {
    fn of(units: &[Units]) -> Self {
        Self {
            ids: units.iter().map(|_| Uuid::now_v7()).collect(),
            orders: units.iter().map(|unit| unit.order).collect(),
            products: units.iter().map(|unit| unit.product).collect(),
            quantities: units.iter().map(|unit| unit.quantity).collect(),
        }
    }
}
