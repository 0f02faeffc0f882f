//! What the API answers, as far as a page shows it.

use serde::Deserialize;

use super::query;
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
    #[serde(default)]
    pub(crate) address_id: Option<String>,
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
    /// When it was published.
    pub(crate) fn moment(&self) -> &str {
        self.publish_at.as_deref().unwrap_or(&self.created_at)
    }
}

impl Line {
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
