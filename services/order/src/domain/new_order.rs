//! What somebody wants to order, and what it comes to. No I/O, no clock, no chance.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Invalid;
use super::key::Key;

/// The most lines of an order.
pub const MOST_LINES: usize = 50;
/// The most units of one product.
pub const MOST_UNITS: i32 = 1_000;

/// What somebody wants to order.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// The id it will have, if its key is new.
    pub id: Uuid,
    /// Who orders.
    pub customer: Uuid,
    /// The key of the request.
    pub key: Key,
    /// Where it goes to.
    pub address: Option<Uuid>,
    /// What the customer was shown.
    pub expected: Option<Expected>,
    /// The shop's currency.
    pub currency: String,
    basket: Basket,
}

/// What is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basket {
    /// These, sorted by product, no product twice.
    Items(Items),
    /// What is in this cart by then.
    Cart(Uuid),
}

/// Items of an order, sorted by product, no product twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items(Vec<Item>);

/// So many of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which product.
    pub product: Uuid,
    /// How many units.
    pub quantity: i32,
}

/// The total that the customer was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// In minor units.
    pub amount: i64,
    /// Of this currency.
    pub currency: String,
}

/// Why an order was not even written: the answer to its key, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refused", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// There is no such product, or it is no longer sold.
    #[error("there is no such product for sale")]
    ProductNotFound {
        /// Which one.
        product: Uuid,
    },
    /// It comes to another total than the customer was shown.
    #[error("the total is not the expected one")]
    PriceChanged,
    /// The customer has no such cart.
    #[error("there is no such cart")]
    CartNotFound,
    /// The cart was ordered already.
    #[error("the cart was ordered already")]
    CartOrdered,
    /// There is nothing in the cart.
    #[error("the cart is empty")]
    CartEmpty,
}

impl NewOrder {
    /// An order of `basket`.
    pub fn new(id: Uuid, customer: Uuid, key: Key, basket: Basket, currency: String) -> Self {
        Self {
            id,
            customer,
            key,
            address: None,
            expected: None,
            currency,
            basket,
        }
    }

    /// The items that were given, if it is not a cart.
    pub fn items(&self) -> Option<&[Item]> {
        match &self.basket {
            Basket::Items(items) => Some(&items.0),
            Basket::Cart(_) => None,
        }
    }

    /// The cart that it is placed from.
    pub fn cart(&self) -> Option<Uuid> {
        match self.basket {
            Basket::Items(_) => None,
            Basket::Cart(cart) => Some(cart),
        }
    }

    /// Whether `total` is what the customer was shown, if anything was.
    pub fn expects(&self, total: i64) -> bool {
        let as_shown = |shown: &Expected| shown.amount == total && shown.currency == self.currency;
        self.expected.as_ref().is_none_or(as_shown)
    }
}

impl Items {
    /// Items of an order.
    ///
    /// # Errors
    /// When there are none or more than [`MOST_LINES`], a quantity is out of bounds, or a product comes twice.
    pub fn new(mut items: Vec<Item>) -> Result<Self, Invalid> {
        if items.is_empty() || items.len() > MOST_LINES {
            return Err(Invalid::new("items", "1 to 50 of them"));
        }
        let out_of_bounds = |item: &Item| !(1..=MOST_UNITS).contains(&item.quantity);
        if let Some(at) = items.iter().position(out_of_bounds) {
            return Err(Invalid::new(format!("items[{at}].quantity"), "1 to 1,000"));
        }
        // Every order locks its products in the same sequence, so no two wait on each other.
        items.sort_by_key(|item| item.product);
        if items
            .windows(2)
            .any(|pair| pair[0].product == pair[1].product)
        {
            return Err(Invalid::new("items", "no product twice"));
        }
        Ok(Self(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(of: &[(u128, i32)]) -> Vec<Item> {
        let item = |&(product, quantity): &(u128, i32)| Item {
            product: Uuid::from_u128(product),
            quantity,
        };
        of.iter().map(item).collect()
    }

    proptest! {
        #[test]
        fn items_are_sorted_and_within_bounds_or_refused(of in prop::collection::vec((0_u128..40, -1_i32..1_100), 0..60)) {
            let Ok(Items(items)) = Items::new(items(&of)) else { return Ok(()) };

            prop_assert!(items.windows(2).all(|pair| pair[0].product < pair[1].product));
            prop_assert!(items.iter().all(|item| (1..=MOST_UNITS).contains(&item.quantity)));
            prop_assert_eq!(items.len(), of.len());
        }
    }

    #[test]
    fn the_item_that_breaks_a_rule_is_named() {
        let refused = Items::new(items(&[(1, 1), (2, 0)])).unwrap_err();

        assert_eq!(refused.field, "items[1].quantity");
    }

    #[test]
    fn a_product_that_comes_twice_is_refused() {
        assert!(Items::new(items(&[(1, 1), (2, 1), (1, 1)])).is_err());
    }
}
