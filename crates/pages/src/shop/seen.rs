//! What the API answers, as far as a page shows it.

use serde::Deserialize;

use super::query;
use crate::form::Typed;
use crate::look::Money;
use crate::look::picture;
use crate::look::words::Words;

/// From how few units on a page says how many are left.
const FEW: i64 = 10;

/// A part of a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    #[serde(default)]
    pub(crate) next_cursor: Option<String>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            data: Vec::new(),
            next_cursor: None,
        }
    }
}

impl<T> List<T> {
    /// Where what follows is, in the list at `path`.
    pub(crate) fn next_page(&self, path: &str) -> Option<String> {
        let cursor = self.next_cursor.as_deref()?;
        Some(format!("{path}?{}", query(&[("cursor", Some(cursor))])))
    }
}

/// Something for sale.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) price: Money,
    pub(crate) active: bool,
    pub(crate) available: i64,
    #[serde(default)]
    pub(crate) version: i64,
    #[serde(default)]
    pub(crate) updated_at: String,
}

/// A kind of products.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Category {
    pub(crate) name: String,
    pub(crate) products: i64,
}

/// An article of the news.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Article {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) publish_at: Option<String>,
    pub(crate) created_at: String,
    #[serde(default)]
    pub(crate) updated_at: String,
    #[serde(default)]
    pub(crate) version: i64,
}

/// A cart, at the prices of this moment.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Cart {
    pub(crate) id: String,
    pub(crate) items: Vec<Line>,
    pub(crate) total: Money,
    pub(crate) status: String,
    pub(crate) version: i64,
}

/// One line of a cart or an order.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) product_id: String,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) unit_price: Money,
}

/// An order.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    pub(crate) items: Vec<Line>,
    pub(crate) total: Money,
    pub(crate) created_at: String,
    pub(crate) version: i64,
    /// Whose it is, where support asks.
    #[serde(default)]
    pub(crate) customer_id: Option<String>,
}

impl Product {
    /// Where its picture is.
    pub(crate) fn picture(&self) -> String {
        picture::path(&self.category, &self.name, &self.id)
    }

    /// Where the rest of its category is.
    pub(crate) fn category_path(&self) -> String {
        category_path(&self.category)
    }

    /// What is worth saying of its stock beside its price.
    pub(crate) fn stock_word(&self, t: &Words) -> Option<String> {
        match self.available {
            ..=0 => Some(t.sold_out.to_owned()),
            1..=FEW => Some(t.few_left.replace("{}", &self.available.to_string())),
            _ => None,
        }
    }
}

impl Product {
    /// Whether few are left, or none.
    pub(crate) fn is_scarce(&self) -> bool {
        self.available <= FEW
    }

    /// How its stock stands.
    pub(crate) fn stock_said(&self, t: &Words) -> String {
        self.stock_word(t).unwrap_or_else(|| t.in_stock.to_owned())
    }
}

impl Category {
    /// Where it is.
    pub(crate) fn path(&self) -> String {
        category_path(&self.name)
    }

    /// Where its picture is.
    pub(crate) fn picture(&self) -> String {
        picture::path(&self.name, "", &self.name)
    }
}

fn category_path(name: &str) -> String {
    format!("/products?{}", query(&[("category", Some(name))]))
}

impl Article {
    /// Its text, paragraph by paragraph.
    pub(crate) fn paragraphs(&self) -> impl Iterator<Item = &str> {
        let parts = self.body.split("\n\n").map(str::trim);
        parts.filter(|part| !part.is_empty())
    }

    /// When it was published.
    pub(crate) fn moment(&self) -> &str {
        self.publish_at.as_deref().unwrap_or(&self.created_at)
    }
}

impl Order {
    /// The names of what was ordered.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.items.iter().map(|line| &*line.name).collect();
        names.join(", ")
    }
}

impl Line {
    /// Where its product's picture is. A line knows no category: the name alone decides.
    pub(crate) fn picture(&self) -> String {
        picture::path("", &self.name, &self.product_id)
    }

    /// What all its units cost.
    pub(crate) fn sum(&self) -> Money {
        self.unit_price.times(self.quantity)
    }
}

/// An account, as its owner sees it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) registration_number: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) created_at: String,
}

/// An address of an account.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Address {
    pub(crate) id: String,
    pub(crate) recipient: String,
    pub(crate) line1: String,
    #[serde(default)]
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) postal_code: String,
    pub(crate) country: String,
    pub(crate) version: i64,
}

/// What somebody may spend.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Wallet {
    pub(crate) balance: Money,
}

/// A transfer, as its account sees it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) kind: String,
    pub(crate) amount: Money,
    pub(crate) order_id: Option<String>,
    pub(crate) created_at: String,
}

/// Something an account was told.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Notification {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) subject_id: String,
    pub(crate) created_at: String,
    pub(crate) read_at: Option<String>,
}

impl Address {
    /// All of it but the name, in one line.
    pub(crate) fn line(&self) -> String {
        let street = match &self.line2 {
            Some(line2) => format!("{}, {line2}", self.line1),
            None => self.line1.clone(),
        };
        format!(
            "{street}, {} {}, {}",
            self.postal_code, self.city, self.country
        )
    }

    /// As somebody would type it.
    pub(crate) fn typed(&self) -> Typed {
        Typed::of([
            ("version", &*self.version.to_string()),
            ("recipient", &*self.recipient),
            ("line1", &*self.line1),
            ("line2", self.line2.as_deref().unwrap_or_default()),
            ("city", &*self.city),
            ("postal_code", &*self.postal_code),
            ("country", &*self.country),
        ])
    }
}

impl Notification {
    /// Whether it tells of an order.
    pub(crate) fn is_of_order(&self) -> bool {
        self.subject_id.starts_with("ord_")
    }
}
