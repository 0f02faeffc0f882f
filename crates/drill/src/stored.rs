//! Orders as the database has them.

use sqlx::{FromRow, PgPool, query_as};
use uuid::Uuid;

/// An order as the database has it, with the key that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Stored {
    /// Which one.
    pub id: Uuid,
    /// Whose.
    pub customer: Uuid,
    /// The key that it was placed with; nothing, where none stands for it.
    pub key: Option<String>,
    /// Where it stands.
    pub status: String,
    /// What it costs.
    pub total: i64,
    /// The product of each line.
    pub products: Vec<Uuid>,
    /// How many of it, line by line.
    pub quantities: Vec<i32>,
}

impl Stored {
    /// Reads all orders of `customers`.
    ///
    /// # Errors
    /// When the database is not reachable.
    pub async fn of(order: &PgPool, customers: &[Uuid]) -> sqlx::Result<Vec<Self>> {
        query_as(
            "select o.id, o.customer_id as customer, k.key, o.status, o.total,
                 array_remove(array_agg(l.product_id order by l.product_id), null) as products,
                 array_remove(array_agg(l.quantity order by l.product_id), null) as quantities
             from orders o
             left join keys k on k.order_id = o.id and k.account_id = o.customer_id and k.route = 'POST /v1/orders'
             left join order_lines l on l.order_id = o.id
             where o.customer_id = any($1)
             group by o.id, k.key",
        )
        .bind(customers)
        .fetch_all(order)
        .await
    }

    /// Whether it was bought.
    pub fn is_bought(&self) -> bool {
        ["confirmed", "shipped", "delivered"].contains(&self.status.as_str())
    }
}
