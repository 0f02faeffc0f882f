//! What a customer wants under one key, and what they hear of it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Answer;

/// What a customer wants under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Whose wish it is.
    pub customer: Uuid,
    /// The key that it is sent with, each time.
    pub key: String,
    /// What is wanted.
    pub product: Uuid,
    /// How many of it.
    pub quantity: i32,
    /// What one of it costs.
    pub price: i64,
    /// The cart that it is ordered by, if by one.
    pub cart: Option<String>,
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
            None => json!({"items": [self.item()]}),
        }
    }

    /// Its only line.
    pub(crate) fn item(&self) -> Value {
        let product = api::id::PRODUCT.write(self.product);
        json!({"product_id": product, "quantity": self.quantity})
    }

    /// What it costs in all.
    pub fn total(&self) -> i64 {
        self.price * i64::from(self.quantity)
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
    fn that_there_is_no_more_is_an_answer_and_no_other_refusal_is() {
        let refused = |code| Heard::Refused(format!("409: {{\"code\":\"{code}\"}}"));

        assert!(refused("insufficient_stock").is_sold_out());
        assert!(!refused("insufficient_funds").is_sold_out());
        assert!(!Heard::NotTaken(503).is_sold_out());
        assert!(!Heard::Unknown("insufficient_stock".to_owned()).is_sold_out());
    }
}
