//! Orders and their lines.

use std::collections::HashMap;

use db::{Error, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::order::{Line, Moves, Order, Settled, Status};

/// Where an order stands, as whoever has locked it sees it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which order.
    pub order: Uuid,
    /// Whose it is.
    pub customer: Uuid,
    /// Where it stands.
    pub status: Status,
}

/// Which orders a list holds.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer: Option<Uuid>,
    /// Only where they stand there.
    pub status: Option<String>,
    /// Only those placed before this one.
    pub before: Option<Uuid>,
}

/// Locks orders in the order of their ids, and tells where they stand.
///
/// # Errors
/// Only what concerns all of them.
pub async fn lock(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, Place>, Error> {
    let rows = sqlx::query!(
        "select id, customer_id, status, reason from orders where id = any($1) order by id for no key update",
        ids,
    );
    let rows = rows.fetch_all(&mut *tx).await?;
    let places = rows.into_iter().map(|row| {
        let place = Place {
            order: row.id,
            customer: row.customer_id,
            status: status(&row.status, &row.reason)?,
        };
        Ok((row.id, place))
    });
    places.collect()
}

/// Finds an order, where given only of this customer.
///
/// # Errors
/// Only what concerns the database.
pub async fn find_one(
    tx: &mut Tx,
    id: Uuid,
    customer: Option<Uuid>,
) -> Result<Option<Order>, Error> {
    let found = find(tx, &[id]).await?.remove(&id);
    Ok(found.filter(|order| customer.is_none_or(|customer| order.customer == customer)))
}

/// Lists orders, newest first.
///
/// # Errors
/// Only what concerns the database.
pub async fn list(tx: &mut Tx, filter: &Filter, rows: i64) -> Result<Vec<Order>, Error> {
    let before = filter.before.unwrap_or(Uuid::max());
    let status = filter.status.as_deref();
    // Two statements, since one plan for both would read every order to find a customer's few.
    let ids = match filter.customer {
        Some(customer) => sqlx::query_scalar!(
            "select id from orders where customer_id = $1 and id < $2 and ($3::text is null or status = $3)
            order by id desc limit $4",
            customer,
            before,
            status,
            rows,
        )
        .fetch_all(&mut *tx)
        .await?,
        None => sqlx::query_scalar!(
            "select id from orders where id < $1 and ($2::text is null or status = $2) order by id desc limit $3",
            before,
            status,
            rows,
        )
        .fetch_all(&mut *tx)
        .await?,
    };
    let mut orders = find(tx, &ids).await?;
    Ok(ids.iter().filter_map(|id| orders.remove(id)).collect())
}

/// Finds orders with their lines.
///
/// # Errors
/// Only what concerns all of them.
pub async fn find(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, Order>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut lines = find_lines(tx, ids).await?;
    let rows = sqlx::query_as!(Row, "select * from orders where id = any($1)", ids);
    let rows = rows.fetch_all(&mut *tx).await?;
    let orders = rows.into_iter().map(|row| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        Ok((row.id, row.order(lines)?))
    });
    orders.collect()
}

async fn find_lines(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Line>>, Error> {
    let rows = sqlx::query!(
        "select order_id, product_id as product, name, quantity, unit_price from order_lines
        where order_id = any($1) order by order_id, product_id",
        ids,
    );
    let mut lines = HashMap::<Uuid, Vec<Line>>::new();
    for row in rows.fetch_all(&mut *tx).await? {
        lines.entry(row.order_id).or_default().push(Line {
            product: row.product,
            name: row.name,
            quantity: row.quantity,
            unit_price: row.unit_price,
        });
    }
    Ok(lines)
}

struct Row {
    id: Uuid,
    customer_id: Uuid,
    status: String,
    reason: String,
    total: i64,
    currency: String,
    address_id: Option<Uuid>,
    cart_id: Option<Uuid>,
    version: i64,
    created_at: OffsetDateTime,
    settled_as: Option<String>,
    settled_version: Option<i64>,
    settled_at: Option<OffsetDateTime>,
    cancelling_at: Option<OffsetDateTime>,
    cancelled_at: Option<OffsetDateTime>,
    shipped_at: Option<OffsetDateTime>,
    delivered_at: Option<OffsetDateTime>,
}

impl Row {
    fn order(self, lines: Vec<Line>) -> Result<Order, Error> {
        Ok(Order {
            id: self.id,
            customer: self.customer_id,
            status: status(&self.status, &self.reason)?,
            version: self.version,
            lines,
            total: self.total,
            settled: self.settled()?,
            currency: self.currency,
            address: self.address_id,
            cart: self.cart_id,
            created_at: self.created_at,
            moves: Moves {
                cancelling: self.cancelling_at,
                cancelled: self.cancelled_at,
                shipped: self.shipped_at,
                delivered: self.delivered_at,
            },
        })
    }

    fn settled(&self) -> Result<Option<Settled>, Error> {
        let (Some(word), Some(version), Some(at)) =
            (&self.settled_as, self.settled_version, self.settled_at)
        else {
            return Ok(None);
        };
        let status = status(word, &self.reason)?;
        Ok(Some(Settled {
            status,
            version,
            at,
        }))
    }
}

fn status(status: &str, reason: &str) -> Result<Status, Error> {
    let strange = || sqlx::Error::Decode(format!("no order is {status} {reason}").into());
    Ok(Status::read(status, reason).ok_or_else(strange)?)
}
