//! How much of a product there is. No I/O, no clock, no chance.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Invalid;
use super::key::Key;

/// How much of a product there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stock {
    /// What.
    pub product: Uuid,
    /// Units that no order has taken.
    pub free: i64,
    /// Units that orders hold which have not settled.
    pub held: i64,
}

/// One change of a product's free stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Sorts by the time it happened.
    pub id: Uuid,
    /// What moved.
    pub product: Uuid,
    /// The order it was for, if any.
    pub order: Option<Uuid>,
    /// `restock`, `hold`, `release` or `return`.
    pub kind: String,
    /// Units; below 0 where free stock shrank.
    pub quantity: i64,
    /// When it happened.
    pub moved_at: OffsetDateTime,
}

/// Units that are to be added, once for each key.
#[derive(Clone, Debug)]
pub struct Restock {
    /// The movement it will be.
    pub id: Uuid,
    /// Makes it count once.
    pub key: Key,
    /// The account that acts.
    pub actor: Uuid,
    /// What is added.
    pub product: Uuid,
    quantity: i64,
}

impl Restock {
    /// Means to add `quantity` of `product`.
    ///
    /// # Errors
    /// When the quantity is not 1 to 1,000,000.
    pub fn new(
        id: Uuid,
        key: Key,
        actor: Uuid,
        product: Uuid,
        quantity: i64,
    ) -> Result<Self, Invalid> {
        if !(1..=1_000_000).contains(&quantity) {
            return Err(Invalid::new("quantity", "1 to 1,000,000"));
        }
        Ok(Self {
            id,
            key,
            actor,
            product,
            quantity,
        })
    }

    /// How many are added.
    pub fn quantity(&self) -> i64 {
        self.quantity
    }
}
