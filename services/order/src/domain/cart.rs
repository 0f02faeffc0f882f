//! What a cart is and what may happen to it. No I/O, no clock, no chance.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Invalid;

/// How many lines a cart has at most.
pub const MOST_LINES: usize = 50;
/// How many units of one product a cart has at most.
pub const MOST_UNITS: i32 = 1_000;

/// What a customer means to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cart {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub customer: Uuid,
    /// Whether an order has consumed it.
    pub ordered: bool,
    /// Its lines, in the order in which they were put in.
    pub items: Vec<Item>,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// A line of a cart, at the name and price of this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub product: Uuid,
    /// What it is called.
    pub name: String,
    /// How many: 1 to 1,000.
    pub quantity: i32,
    /// What one costs, in minor units.
    pub unit_price: i64,
}

/// Why a cart stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An order has consumed it.
    #[error("the cart has been ordered and changes no more")]
    Ordered,
    /// Another version is current.
    #[error("the cart has changed; read it again")]
    Stale,
    /// There is no room for another line.
    #[error("a cart has at most {MOST_LINES} lines")]
    Full,
    /// More units of one product than a cart takes.
    #[error("a cart has at most {MOST_UNITS} of a product")]
    TooMany,
}

/// How many of a product somebody wants in a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    product: Uuid,
    quantity: i32,
    add: bool,
}

impl Wish {
    /// Wishes for `quantity` of `product`, in place of those that are there or (`add`) besides them. 0 in their place
    /// takes them out.
    ///
    /// # Errors
    /// When the quantity is below 0 or above 1,000, or nothing is to be added.
    pub fn new(product: Uuid, quantity: i32, add: bool) -> Result<Self, Invalid> {
        let least = i32::from(add);
        if !(least..=MOST_UNITS).contains(&quantity) {
            return Err(Invalid::new(
                "quantity",
                "1 to 1,000; 0 takes the product out",
            ));
        }
        Ok(Self {
            product,
            quantity,
            add,
        })
    }

    /// The product wished for.
    pub fn product(self) -> Uuid {
        self.product
    }

    /// Whether it takes the product out.
    pub fn takes_out(self) -> bool {
        self.quantity == 0
    }
}

impl Cart {
    /// What the lines cost together, in minor units.
    pub fn total(&self) -> i64 {
        let cost = |item: &Item| i64::from(item.quantity) * item.unit_price;
        self.items.iter().map(cost).sum()
    }

    /// How many of its product there are once `wish` is fulfilled; 0 for none. `version` 0 means whichever is current.
    ///
    /// # Errors
    /// Why the cart stays as it is.
    pub fn fulfil(&self, wish: Wish, version: i64) -> Result<i32, Refusal> {
        if self.ordered {
            return Err(Refusal::Ordered);
        }
        if version != 0 && version != self.version {
            return Err(Refusal::Stale);
        }
        let there = self.items.iter().find(|item| item.product == wish.product);
        if there.is_none() && !wish.takes_out() && self.items.len() >= MOST_LINES {
            return Err(Refusal::Full);
        }
        let kept = there.filter(|_| wish.add).map_or(0, |item| item.quantity);
        let quantity = kept + wish.quantity;
        if quantity > MOST_UNITS {
            return Err(Refusal::TooMany);
        }
        Ok(quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cart(lines: usize) -> Cart {
        let item = |n| Item {
            product: Uuid::from_u128(n),
            name: format!("thing {n}"),
            quantity: 10,
            unit_price: 250,
        };
        Cart {
            id: Uuid::nil(),
            customer: Uuid::nil(),
            ordered: false,
            items: (0..lines as u128).map(item).collect(),
            version: 3,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn wish(product: u128, quantity: i32, add: bool) -> Wish {
        Wish::new(Uuid::from_u128(product), quantity, add).unwrap()
    }

    #[test]
    fn the_total_is_the_sum_of_all_lines() {
        assert_eq!(cart(3).total(), 7_500);
        assert_eq!(cart(0).total(), 0);
    }

    #[test]
    fn units_are_replaced_or_added() {
        assert_eq!(cart(1).fulfil(wish(0, 4, false), 0), Ok(4));
        assert_eq!(cart(1).fulfil(wish(0, 4, true), 0), Ok(14));
        assert_eq!(cart(1).fulfil(wish(9, 4, true), 0), Ok(4));
    }

    #[test]
    fn the_fifty_first_line_finds_no_room_but_the_fifty_may_change() {
        let full = cart(MOST_LINES);

        assert_eq!(full.fulfil(wish(99, 1, false), 0), Err(Refusal::Full));
        assert_eq!(full.fulfil(wish(99, 0, false), 0), Ok(0));
        assert_eq!(full.fulfil(wish(7, 1, false), 0), Ok(1));
    }

    #[test]
    fn adding_stops_at_a_thousand_units() {
        assert_eq!(cart(1).fulfil(wish(0, 990, true), 0), Ok(1_000));
        assert_eq!(cart(1).fulfil(wish(0, 991, true), 0), Err(Refusal::TooMany));
    }

    #[test]
    fn a_cart_that_was_ordered_changes_no_more() {
        let ordered = Cart {
            ordered: true,
            ..cart(1)
        };

        assert_eq!(ordered.fulfil(wish(0, 0, false), 0), Err(Refusal::Ordered));
    }

    #[test]
    fn a_change_made_from_another_version_is_stale() {
        assert_eq!(cart(1).fulfil(wish(0, 1, false), 2), Err(Refusal::Stale));
        assert_eq!(cart(1).fulfil(wish(0, 1, false), 3), Ok(1));
    }

    #[test]
    fn a_wish_is_for_something_and_not_for_too_much() {
        let nobody = Uuid::nil();
        assert!(Wish::new(nobody, -1, false).is_err());
        assert!(Wish::new(nobody, 1_001, false).is_err());
        assert!(Wish::new(nobody, 0, true).is_err());
        assert!(Wish::new(nobody, 0, false).is_ok());
    }
}
