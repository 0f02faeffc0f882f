//! The books of both services: no unit and no cent made or destroyed, each against itself and against the other.

mod rules;
mod wallets;

use std::collections::HashMap;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool, query_as, query_scalar};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use rules::{KEYS, MONEY, OVERSOLD, Rule, STOCK};

/// How often it is looked whether all has come to rest.
const LOOK: Duration = Duration::from_millis(50);

/// Two databases, looked into from outside.
#[derive(Debug, Clone)]
pub struct Books {
    /// That of the order service.
    pub order: PgPool,
    /// That of the user service.
    pub user: PgPool,
}

/// All that is wrong with the books, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imbalance {
    /// Orders that do not come to rest.
    pub stuck: Vec<String>,
    /// Orders that several keys stand for, or none.
    pub keys: Vec<String>,
    /// Products of which more were sold than there were.
    pub oversold: Vec<String>,
    /// Units made or destroyed.
    pub stock: Vec<String>,
    /// Cents made or destroyed.
    pub money: Vec<String>,
}

impl Imbalance {
    /// All of it.
    pub fn all(self) -> Vec<String> {
        let all = [self.stuck, self.keys, self.oversold, self.stock, self.money];
        all.concat()
    }
}

impl Books {
    /// Waits until no saga is under way, for `limit` at most; then says all that is wrong.
    ///
    /// # Errors
    /// When a database is not reachable.
    pub async fn balance(&self, limit: Duration) -> sqlx::Result<Vec<String>> {
        Ok(self.imbalance(limit).await?.all())
    }

    /// The same, each by what it is about.
    ///
    /// # Errors
    /// When a database is not reachable.
    pub async fn imbalance(&self, limit: Duration) -> sqlx::Result<Imbalance> {
        let mut wrong = Imbalance {
            stuck: self.at_rest(limit).await?,
            keys: broken(&self.order, KEYS).await?,
            oversold: broken(&self.order, OVERSOLD).await?,
            stock: broken(&self.order, STOCK).await?,
            money: broken(&self.user, MONEY).await?,
        };
        wrong.money.extend(self.payments().await?);
        Ok(wrong)
    }

    /// How many of a product are left.
    ///
    /// # Errors
    /// When the database is not reachable.
    pub async fn left(&self, product: Uuid) -> sqlx::Result<i64> {
        query_scalar("select free from stock where product_id = $1")
            .bind(product)
            .fetch_one(&self.order)
            .await
    }

    /// How many orders stand at `status`.
    ///
    /// # Errors
    /// When the database is not reachable.
    pub async fn count(&self, status: &str) -> sqlx::Result<i64> {
        query_scalar("select count(*) from orders where status = $1")
            .bind(status)
            .fetch_one(&self.order)
            .await
    }

    /// What still has a saga after `limit`, in words.
    async fn at_rest(&self, limit: Duration) -> sqlx::Result<Vec<String>> {
        let end = Instant::now() + limit;
        loop {
            let open: Vec<String> = query_scalar(
                "select subject || ' is stuck: ' || name || ' ' || direction || ', epoch ' || epoch || ', begun '
                     || clock_timestamp() - created_at || ' ago, leased for ' || leased_until - clock_timestamp()
                 from sagas where ended_at is null",
            )
            .fetch_all(&self.order)
            .await?;
            if open.is_empty() || Instant::now() > end {
                return Ok(open);
            }
            sleep(LOOK).await;
        }
    }

    /// What was bought was paid, once and in full; what was not bought was not paid.
    async fn payments(&self) -> sqlx::Result<Vec<String>> {
        let paid: Vec<(Uuid, i64)> = query_as(
            "select order_id, sum(case kind when 'charge' then amount else -amount end)::bigint
             from transfers where order_id is not null group by 1",
        )
        .fetch_all(&self.user)
        .await?;
        let due: Vec<(Uuid, i64)> = query_as(
            "select id, case when status in ('confirmed', 'shipped', 'delivered') then total else 0 end from orders",
        )
        .fetch_all(&self.order)
        .await?;
        Ok(differences(&paid, &due))
    }
}

/// Says where what was paid for an order is not what it costs.
fn differences(paid: &[(Uuid, i64)], due: &[(Uuid, i64)]) -> Vec<String> {
    let mut paid: HashMap<Uuid, i64> = paid.iter().copied().collect();
    let mut wrong = Vec::new();
    for (order, due) in due {
        let paid = paid.remove(order).unwrap_or(0);
        if paid != *due {
            wrong.push(format!(
                "{paid} was paid for the order {order}, which costs {due}"
            ));
        }
    }
    paid.retain(|_, amount| *amount != 0);
    wrong.extend(
        paid.iter()
            .map(|(order, paid)| format!("{paid} was paid for {order}, which is no order")),
    );
    wrong
}

async fn broken(pool: &PgPool, rules: &[Rule]) -> sqlx::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for rule in rules {
        let found: Vec<String> = query_scalar(AssertSqlSafe(rule.finds))
            .fetch_all(pool)
            .await?;
        wrong.extend(found.iter().map(|found| format!("{}: {found}", rule.wrong)));
    }
    Ok(wrong)
}
