//! What a product is. No I/O, no clock, no chance.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Invalid;

/// Something for sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Sorts by the time it was added.
    pub id: Uuid,
    /// Stock keeping unit; unique.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// What there is to say about it.
    pub description: String,
    /// What it stands among.
    pub category: String,
    /// Minor units of the shop's currency.
    pub price: i64,
    /// Whether it is for sale.
    pub active: bool,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was added.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Units that no order has taken, as last seen.
    pub available: i64,
}

/// A category that has products for sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// What it is called.
    pub name: String,
    /// How many products for sale it has.
    pub products: i64,
}

/// What is said of a product, as far as it is said anew. Each part that is there keeps the rules of products.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    sku: Option<String>,
    name: Option<String>,
    description: Option<String>,
    category: Option<String>,
    price: Option<i64>,
    active: Option<bool>,
}

/// The highest price of one unit, in minor units.
pub const HIGHEST_PRICE: i64 = 100_000_000;

impl Facts {
    /// Says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says the stock keeping unit: 1 to 40 of A-Z, 0-9 and `-`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn sku(mut self, sku: String) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=40).contains(&sku.len()) || !sku.bytes().all(allowed) {
            return Err(Invalid::new("sku", "1 to 40 of A-Z, 0-9 and -"));
        }
        self.sku = Some(sku);
        Ok(self)
    }

    /// Says the name: 1 to 120 characters on one line.
    ///
    /// # Errors
    /// When it is something else.
    pub fn name(mut self, name: &str) -> Result<Self, Invalid> {
        let name =
            line(name, 120).ok_or(Invalid::new("name", "1 to 120 characters on one line"))?;
        self.name = Some(name);
        Ok(self)
    }

    /// Says the description: up to 4,000 characters.
    ///
    /// # Errors
    /// When it is longer.
    pub fn description(mut self, text: String) -> Result<Self, Invalid> {
        if text.chars().count() > 4_000 || text.contains('\0') {
            return Err(Invalid::new("description", "at most 4,000 characters"));
        }
        self.description = Some(text);
        Ok(self)
    }

    /// Says the category: 1 to 40 characters on one line.
    ///
    /// # Errors
    /// When it is something else.
    pub fn category(mut self, category: &str) -> Result<Self, Invalid> {
        let category =
            line(category, 40).ok_or(Invalid::new("category", "1 to 40 characters on one line"))?;
        self.category = Some(category);
        Ok(self)
    }

    /// Says the price: 0 to [`HIGHEST_PRICE`] minor units.
    ///
    /// # Errors
    /// When it lies outside.
    pub fn price(mut self, price: i64) -> Result<Self, Invalid> {
        if !(0..=HIGHEST_PRICE).contains(&price) {
            return Err(Invalid::new("price.amount", "0 to 100,000,000 minor units"));
        }
        self.price = Some(price);
        Ok(self)
    }

    /// Says whether it is for sale.
    #[must_use]
    pub fn active(mut self, active: bool) -> Self {
        self.active = Some(active);
        self
    }

    /// `product` as it is once these facts are true of it.
    #[must_use]
    pub fn applied_to(self, product: Product) -> Product {
        Product {
            sku: self.sku.unwrap_or(product.sku),
            name: self.name.unwrap_or(product.name),
            description: self.description.unwrap_or(product.description),
            category: self.category.unwrap_or(product.category),
            price: self.price.unwrap_or(product.price),
            active: self.active.unwrap_or(product.active),
            ..product
        }
    }

    /// A new product of which these facts are true, without stock.
    ///
    /// # Errors
    /// When one of sku, name, category and price was not said.
    pub fn into_product(self, id: Uuid, now: OffsetDateTime) -> Result<Product, Invalid> {
        let missing = |field| Invalid::new(field, "required");
        Ok(Product {
            id,
            sku: self.sku.ok_or(missing("sku"))?,
            name: self.name.ok_or(missing("name"))?,
            description: self.description.unwrap_or_default(),
            category: self.category.ok_or(missing("category"))?,
            price: self.price.ok_or(missing("price"))?,
            active: self.active.unwrap_or(true),
            version: 1,
            created_at: now,
            updated_at: now,
            available: 0,
        })
    }
}

/// `text` without the blanks around it, if it has 1 to `longest` characters then, and none that breaks the line.
fn line(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let fits = (1..=longest).contains(&text.chars().count());
    (fits && !text.contains(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mug() -> Facts {
        let named = Facts::new()
            .sku("MUG-1".to_owned())
            .unwrap()
            .name("Mug")
            .unwrap();
        named.category("kitchen").unwrap().price(1_400).unwrap()
    }

    fn added(facts: Facts) -> Result<Product, Invalid> {
        facts.into_product(Uuid::nil(), OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_new_product_is_for_sale_and_has_no_stock() {
        let product = added(mug()).unwrap();

        assert!(product.active);
        assert_eq!((product.available, product.version), (0, 1));
    }

    #[test]
    fn a_product_without_a_price_is_no_product() {
        let unpriced = Facts {
            price: None,
            ..mug()
        };

        assert_eq!(added(unpriced).unwrap_err().field, "price");
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_speak_of() {
        let product = added(mug()).unwrap();

        let changed = Facts::new().price(900).unwrap().applied_to(product.clone());

        assert_eq!(
            changed,
            Product {
                price: 900,
                ..product
            }
        );
    }

    #[test]
    fn a_stock_keeping_unit_is_of_few_letters_so_that_it_can_be_read_out() {
        for bad in ["", "mug-1", "MUG 1", "MUG_1", "MÜG", &"M".repeat(41)] {
            assert!(Facts::new().sku(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(Facts::new().sku("M".repeat(40)).is_ok());
    }

    #[test]
    fn a_price_is_neither_negative_nor_beyond_the_highest() {
        for bad in [-1, HIGHEST_PRICE + 1, i64::MIN, i64::MAX] {
            assert!(Facts::new().price(bad).is_err(), "{bad}");
        }
        assert!(Facts::new().price(0).is_ok());
        assert!(Facts::new().price(HIGHEST_PRICE).is_ok());
    }

    #[test]
    fn a_text_that_the_database_cannot_hold_is_refused() {
        assert!(Facts::new().name("a\0b").is_err());
        assert!(Facts::new().description("\0".to_owned()).is_err());
    }
}
