//! What a customer wants under one key, and what they hear of it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Stored};

/// What a customer wants under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Whose wish it is.
    pub customer: Uuid,
    /// The key that it is sent with, each time.
    pub key: String,
    /// What is wanted, product by product.
    pub lines: Vec<Line>,
    /// The cart that it is ordered by, if by one.
    pub cart: Option<String>,
}

/// So many of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What is wanted.
    pub product: Uuid,
    /// How many of it.
    pub quantity: i32,
    /// What one of it costs.
    pub price: i64,
}

/// What was heard of a wish that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It is an order: 201 or 202.
    Taken {
        /// Which one.
        id: Uuid,
        /// Where it stands.
        status: String,
        /// What it costs.
        total: i64,
    },
    /// It is none, and never will be.
    Refused(String),
    /// Nothing was begun: 429 or 503.
    NotTaken(u16),
    /// Nobody can tell: no answer, or one that says so.
    Unknown(String),
}

impl Wish {
    /// What is sent for it, each time the same.
    pub(crate) fn body(&self) -> Value {
        match &self.cart {
            Some(cart) => json!({"cart_id": cart}),
            None => json!({"items": self.lines.iter().map(Line::item).collect::<Vec<_>>()}),
        }
    }

    /// What it costs in all.
    pub fn total(&self) -> i64 {
        let costs = |line: &Line| line.price * i64::from(line.quantity);
        self.lines.iter().map(costs).sum()
    }

    /// How many of this product are wanted.
    pub fn wants(&self, product: Uuid) -> i64 {
        let of_it = self.lines.iter().filter(|line| line.product == product);
        of_it.map(|line| i64::from(line.quantity)).sum()
    }

    /// Whether `order` is what is wanted: the same lines, at their prices.
    pub fn is_stored_as(&self, order: &Stored) -> bool {
        let wanted = self.lines.iter().map(|line| (line.product, line.quantity));
        let mut wanted: Vec<_> = wanted.collect();
        wanted.sort_unstable();
        let (products, quantities): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        // Stored lines are read in the order of their products.
        order.products == products && order.quantities == quantities && order.total == self.total()
    }
}

impl Line {
    /// What is sent for it.
    pub(crate) fn item(&self) -> Value {
        let product = api::id::PRODUCT.write(self.product);
        json!({"product_id": product, "quantity": self.quantity})
    }
}

impl Heard {
    /// What an answer to a wish says.
    pub fn of(answer: &anyhow::Result<Answer>) -> Self {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Self::Unknown(format!("{error:#}")),
        };
        let said = || format!("{}: {}", answer.status, answer.text);
        match answer.status.as_u16() {
            201 | 202 => Self::taken(answer).unwrap_or_else(|| Self::Unknown(said())),
            status @ (429 | 503) => Self::NotTaken(status),
            500.. => Self::Unknown(said()),
            _ => Self::Refused(said()),
        }
    }

    /// Whether it is an answer of which nobody can complain: there is no more of what was wanted.
    pub fn is_sold_out(&self) -> bool {
        matches!(self, Self::Refused(said) if said.contains("insufficient_stock"))
    }

    fn taken(answer: &Answer) -> Option<Self> {
        Some(Self::Taken {
            id: api::id::ORDER.read(answer.id()).ok()?,
            status: answer.body["status"].as_str()?.to_owned(),
            total: answer.body["total"]["amount"].as_i64()?,
        })
    }

    /// Whether it is an order.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Taken { .. })
    }

    /// Whether it may be sent again.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::NotTaken(_) | Self::Unknown(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_as_wished_in_all_its_lines_whatever_their_order() {
        let (mug, pot) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let line = |product, quantity, price| Line {
            product,
            quantity,
            price,
        };
        let wish = Wish {
            customer: Uuid::nil(),
            key: "k".to_owned(),
            lines: vec![line(pot, 3, 7), line(mug, 2, 5)],
            cart: None,
        };
        let stored = |products: &[Uuid], quantities: &[i32], total| Stored {
            id: Uuid::nil(),
            customer: Uuid::nil(),
            key: None,
            status: "confirmed".to_owned(),
            total,
            products: products.to_vec(),
            quantities: quantities.to_vec(),
        };

        let is = |order: Stored| wish.is_stored_as(&order);

        assert!(is(stored(&[mug, pot], &[2, 3], 31)));
        assert!(!is(stored(&[mug, pot], &[3, 2], 31)), "amounts swapped");
        assert!(!is(stored(&[mug], &[2], 31)), "a line is missing");
        assert!(!is(stored(&[mug, pot], &[2, 3], 29)), "at other prices");
        assert_eq!(wish.body()["items"][0]["quantity"], 3);
        assert_eq!((wish.wants(mug), wish.wants(Uuid::nil())), (2, 0));
    }

    #[test]
    fn that_there_is_no_more_is_an_answer_and_no_other_refusal_is() {
        let refused = |code| Heard::Refused(format!("409: {{\"code\":\"{code}\"}}"));

        assert!(refused("insufficient_stock").is_sold_out());
        assert!(!refused("insufficient_funds").is_sold_out());
        assert!(!Heard::NotTaken(503).is_sold_out());
        assert!(!Heard::Unknown("insufficient_stock".to_owned()).is_sold_out());
    }
}
