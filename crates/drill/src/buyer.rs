//! Who orders, and what there is to order.

use anyhow::Context as _;
use serde_json::{Value, json};
use sqlx::{PgPool, query};
use uuid::Uuid;

use crate::{Customer, Door, Line};

/// The password of everybody here.
const PASSWORD: &str = "correct horse battery staple";
/// The most that one top-up may bring, in minor units.
pub(crate) const MOST: i64 = 1_000_000;

/// Somebody with an account and money, signed in.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// Their account.
    pub account: Uuid,
    /// What they sign in with.
    email: String,
    /// Them, as a client of the shop.
    pub customer: Customer,
}

/// A product, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// Which one.
    pub id: Uuid,
    /// What one of it costs.
    pub price: i64,
}

impl Buyer {
    /// Registers at `door`, signs in, and puts `money` minor units into the wallet.
    ///
    /// # Errors
    /// When the shop refuses.
    pub async fn join(door: impl Into<Door>, money: i64) -> anyhow::Result<Self> {
        let mut customer = Customer::of(door);
        let email = format!("{}@example.com", Uuid::now_v7().simple());
        let account = customer.register("Ann", &email, PASSWORD).await?;
        let account = account["id"].as_str().context("an account without an id")?;
        customer.sign_in(&email, PASSWORD).await?;
        if money > 0 {
            customer.top_up("funds", money, "USD").await?;
        }
        Ok(Self {
            account: api::id::ACCOUNT.read(account)?,
            email,
            customer,
        })
    }

    /// Signs in anew, at the door whose turn it is of `doors`.
    ///
    /// # Errors
    /// When the shop refuses.
    pub(crate) async fn sign_in(&mut self, doors: &[Door], turn: usize) -> anyhow::Result<()> {
        let mut at_door = self.customer.at(&doors[turn % doors.len()]);
        at_door.sign_in(&self.email, PASSWORD).await?;
        self.customer = at_door;
        Ok(())
    }

    /// What they prove themselves with.
    pub(crate) fn proof(&self) -> Value {
        json!({"email": self.email, "password": PASSWORD})
    }
}

impl Product {
    /// Puts `units` of a new one on the shelf, at `price` minor units each, past every service: into the order database.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn shelve(order: &PgPool, units: i64, price: i64) -> sqlx::Result<Self> {
        let id = Uuid::now_v7();
        let sku = format!("T-{}", id.simple().to_string().to_uppercase());
        let mut tx = order.begin().await?;
        query("insert into products (id, sku, name, category, price) values ($1, $2, 'Mug', 'Tests', $3)")
            .bind(id)
            .bind(sku)
            .bind(price)
            .execute(&mut *tx)
            .await?;
        query("insert into stock (product_id, free) values ($1, $2)")
            .bind(id)
            .bind(units)
            .execute(&mut *tx)
            .await?;
        query(
            "insert into movements (id, product_id, kind, quantity) values ($1, $2, 'restock', $3)",
        )
        .bind(Uuid::now_v7())
        .bind(id)
        .bind(units)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Self { id, price })
    }

    /// So many of it, at its price.
    pub fn times(self, quantity: i32) -> Line {
        Line {
            product: self.id,
            quantity,
            price: self.price,
        }
    }

    /// Its id as customers see it.
    pub fn shown(self) -> String {
        api::id::PRODUCT.write(self.id)
    }
}
