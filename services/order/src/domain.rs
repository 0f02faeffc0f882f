//! What the shop trades in and what may happen to it. No I/O, no clock, no chance.

pub mod cart;
pub mod key;
pub mod listing;
pub mod new_order;
pub mod order;
pub mod product;
pub mod restocking;
pub mod shelf;
pub mod stock;

use std::borrow::Cow;

/// Which rule of its own shape a request breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct Invalid {
    /// Where, as a path such as `items[0].quantity`.
    pub field: Cow<'static, str>,
    /// The rule, such as "1 to 1,000".
    pub rule: &'static str,
}

impl Invalid {
    /// Says that `field` breaks `rule`.
    pub fn new(field: impl Into<Cow<'static, str>>, rule: &'static str) -> Self {
        let field = field.into();
        Self { field, rule }
    }
}
