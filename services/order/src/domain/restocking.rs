//! Deciding on restocks, one after another, as one transaction sees them. No I/O, no clock, no chance.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::key::{Key, Name};
use super::stock::{Restock, Stock};

/// How a restock ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The stock as it was then.
    Done {
        /// What there was of the product when the units had been added.
        stock: Stock,
        /// Whether that was an earlier request with the same key.
        replayed: bool,
    },
    /// There is no such product; the key says so for ever.
    NoProduct,
    /// The key was sent with another request before.
    KeyReused,
}

/// A locked shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// Units that no order has taken.
    pub free: i64,
    /// Units that orders hold which have not settled.
    pub held: i64,
}

/// A group of restocks while it is decided on.
#[derive(Debug)]
pub struct Restocking<'a> {
    shelves: HashMap<Uuid, Shelf>,
    first: Vec<(&'a Restock, Outcome)>,
    seen: HashMap<&'a Name, usize>,
}

impl<'a> Restocking<'a> {
    /// Begins with the shelves as they were found.
    pub fn of(shelves: HashMap<Uuid, Shelf>) -> Self {
        Self {
            shelves,
            first: Vec::new(),
            seen: HashMap::new(),
        }
    }

    /// Decides on a restock whose key nobody sent before.
    pub fn first(&mut self, restock: &'a Restock) -> Outcome {
        let outcome = self.add(restock);
        self.seen.insert(restock.key.name(), self.first.len());
        self.first.push((restock, outcome));
        outcome
    }

    /// Decides on a restock whose key was sent before, with the request of `hash`: in this group, if there is no
    /// `answer` yet.
    pub fn again(&self, restock: &Restock, hash: &[u8], answer: Option<&Value>) -> Outcome {
        if hash != restock.key.hash() {
            return Outcome::KeyReused;
        }
        let here = self.seen.get(restock.key.name());
        let before = match here {
            Some(&place) => self.first[place].1,
            None => read(restock.product, answer),
        };
        match before {
            Outcome::Done { stock, .. } => Outcome::Done {
                stock,
                replayed: true,
            },
            refused => refused,
        }
    }

    /// What was added, with the free stock that it led to.
    pub fn added(&self) -> impl Iterator<Item = (&'a Restock, i64)> {
        self.first.iter().filter_map(|(restock, outcome)| {
            let Outcome::Done { stock, .. } = outcome else {
                return None;
            };
            Some((*restock, stock.free))
        })
    }

    /// What the keys stand for from now on.
    pub fn answers(&self) -> Vec<(&'a Key, Value)> {
        let first = self.first.iter();
        first
            .map(|(restock, outcome)| (&restock.key, write(*outcome)))
            .collect()
    }

    fn add(&mut self, restock: &Restock) -> Outcome {
        let Some(there) = self.shelves.get_mut(&restock.product) else {
            return Outcome::NoProduct;
        };
        there.free += restock.quantity();
        let stock = Stock {
            product: restock.product,
            free: there.free,
            held: there.held,
        };
        Outcome::Done {
            stock,
            replayed: false,
        }
    }
}

fn write(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Done { stock, .. } => json!({ "free": stock.free, "held": stock.held }),
        Outcome::NoProduct | Outcome::KeyReused => Value::Null,
    }
}

/// Reads what [`write()`] wrote. The hash was the same, so the product was.
fn read(product: Uuid, answer: Option<&Value>) -> Outcome {
    let number = |name| answer.and_then(|answer| answer.get(name)?.as_i64());
    let (Some(free), Some(held)) = (number("free"), number("held")) else {
        return Outcome::NoProduct;
    };
    let stock = Stock {
        product,
        free,
        held,
    };
    Outcome::Done {
        stock,
        replayed: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUG: Uuid = Uuid::from_u128(7);

    fn restock(key: &str, hash: u8, product: Uuid, quantity: i64) -> Restock {
        let route = "POST /v1/admin/products/{id}/stock".to_owned();
        let key = Key::new(Uuid::nil(), route, key.to_owned(), vec![hash; 32]).unwrap();
        Restock::new(Uuid::now_v7(), key, Uuid::nil(), product, quantity).unwrap()
    }

    fn restocking<'a>() -> Restocking<'a> {
        Restocking::of(HashMap::from([(MUG, Shelf { free: 10, held: 2 })]))
    }

    fn done(free: i64, replayed: bool) -> Outcome {
        let stock = Stock {
            product: MUG,
            free,
            held: 2,
        };
        Outcome::Done { stock, replayed }
    }

    #[test]
    fn each_restock_adds_to_what_the_one_before_left() {
        let (a, b) = (restock("a", 1, MUG, 5), restock("b", 2, MUG, 7));
        let mut restocking = restocking();

        assert_eq!(restocking.first(&a), done(15, false));
        assert_eq!(restocking.first(&b), done(22, false));
    }

    #[test]
    fn the_same_key_twice_in_a_group_is_one_restock() {
        let (a, again) = (restock("a", 1, MUG, 5), restock("a", 1, MUG, 5));
        let mut restocking = restocking();
        restocking.first(&a);

        assert_eq!(restocking.again(&again, &[1; 32], None), done(15, true));
        assert_eq!(restocking.added().count(), 1);
    }

    #[test]
    fn a_key_with_another_request_is_refused() {
        let other = restock("a", 2, MUG, 6);

        let outcome = restocking().again(&other, &[1; 32], None);

        assert_eq!(outcome, Outcome::KeyReused);
    }

    #[test]
    fn what_a_key_stood_for_is_told_again() {
        let a = restock("a", 1, MUG, 5);
        let mut then = restocking();
        let outcome = then.first(&a);
        let answer = then.answers().remove(0).1;

        let again = restocking().again(&a, &[1; 32], Some(&answer));

        assert_eq!((outcome, again), (done(15, false), done(15, true)));
    }

    #[test]
    fn a_product_that_is_none_gets_nothing_now_or_later() {
        let a = restock("a", 1, Uuid::nil(), 5);
        let mut then = restocking();

        assert_eq!(then.first(&a), Outcome::NoProduct);
        assert_eq!(then.added().count(), 0);
        let answer = then.answers().remove(0).1;
        let again = restocking().again(&a, &[1; 32], Some(&answer));
        assert_eq!(again, Outcome::NoProduct);
    }
}
