//! A product, as a form has it.

use serde_json::{Value, json};

use crate::api::Problem;
use crate::form::Typed;
use crate::look::field::Filling;
use crate::look::{Frame, Money};
use crate::shop::seen::Product;
use crate::trouble::Trouble;

/// What a product is to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    sku: String,
    title: String,
    description: String,
    category: String,
    price: Money,
}

/// Draws the fields.
pub(super) fn fields(filling: &Filling, frame: &Frame) -> Vec<String> {
    vec![
        filling.field(frame, "title", "text", "off", 120),
        filling.field(frame, "sku", "text", "off", 40),
        filling.field(frame, "category", "text", "off", 40),
        filling.field(frame, "price", "text", "off", 20),
        filling.optional(frame, "description", "area", "off", 4000),
    ]
}

/// What is there, as somebody would type it.
pub(super) fn typed_of(one: &Product) -> Typed {
    Typed::of([
        ("title", &*one.name),
        ("sku", &*one.sku),
        ("category", &*one.category),
        ("price", &*one.price.plain()),
        ("description", &*one.description),
    ])
}

impl Wanted {
    /// The product as it is.
    pub(super) fn of(one: &Product) -> Self {
        Self {
            sku: one.sku.clone(),
            title: one.name.clone(),
            description: one.description.clone(),
            category: one.category.clone(),
            price: one.price.clone(),
        }
    }

    /// What was typed.
    ///
    /// # Errors
    /// When the price is none.
    pub(super) fn read(typed: &Typed) -> Result<Self, Trouble> {
        let price = Money::read(typed.get("price"), typed.get("currency"));
        let price = price.ok_or_else(|| Problem::new(400, "invalid").at("price"))?;
        Ok(Self {
            sku: typed.get("sku").to_owned(),
            title: typed.get("title").to_owned(),
            description: typed.get("description").replace("\r\n", "\n"),
            category: typed.get("category").to_owned(),
            price,
        })
    }

    /// What the API is to be told.
    pub(super) fn body(&self) -> Value {
        json!({
            "sku": self.sku,
            "name": self.title,
            "description": self.description,
            "category": self.category,
            "price": self.price,
        })
    }

    /// All of it, in words.
    pub(super) fn said(&self, frame: &Frame) -> Vec<(String, String)> {
        let said = [
            ("title", self.title.clone()),
            ("sku", self.sku.clone()),
            ("category", self.category.clone()),
            ("price", frame.money(&self.price)),
            ("description", self.description.clone()),
        ];
        let label = |name: &'static str| frame.t.field(name).unwrap_or(name).to_owned();
        said.into_iter()
            .map(|(name, value)| (label(name), value))
            .collect()
    }

    /// What of `before` becomes something else, in words: its name, how it is, how it will be.
    pub(super) fn changes(&self, before: &Self, frame: &Frame) -> Vec<(String, String, String)> {
        let pairs = before.said(frame).into_iter().zip(self.said(frame));
        let pairs = pairs.filter(|(was, is)| was != is);
        pairs
            .map(|((name, was), (_, is))| (name, was, is))
            .collect()
    }
}
