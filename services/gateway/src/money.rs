//! Amounts of money as callers send and see them.

use api::common;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The largest amount that is let in: a hundred thousand million of any currency's smallest coin.
const MOST: i64 = 100_000_000_000;

/// An amount in minor units: 1999 of USD is 19.99 dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Money {
    /// Minor units of the currency.
    #[garde(range(min = 0, max = MOST))]
    #[schema(minimum = 0, maximum = 100_000_000_000_i64, example = 1999)]
    pub(crate) amount: i64,
    /// ISO 4217.
    #[garde(custom(three_capitals))]
    #[schema(pattern = "^[A-Z]{3}$", example = "USD")]
    pub(crate) currency: String,
}

/// What an account gained, or paid where it is below 0.
#[derive(Serialize, ToSchema)]
pub(crate) struct Change {
    /// Minor units of the currency; below 0 where the account paid.
    #[schema(example = -1999)]
    amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: String,
}

impl From<common::Money> for Money {
    fn from(money: common::Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency,
        }
    }
}

impl From<Option<common::Money>> for Money {
    fn from(money: Option<common::Money>) -> Self {
        money.unwrap_or_default().into()
    }
}

impl From<Money> for common::Money {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency,
        }
    }
}

impl From<Option<common::Money>> for Change {
    fn from(money: Option<common::Money>) -> Self {
        let money = money.unwrap_or_default();
        Self {
            amount: money.amount,
            currency: money.currency,
        }
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its context by reference"
)]
fn three_capitals(text: &str, _: &()) -> garde::Result {
    let right = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if right {
        Ok(())
    } else {
        Err(garde::Error::new(
            "three capital letters, as ISO 4217 has them",
        ))
    }
}

/// Refuses an amount of nothing.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its context by reference"
)]
pub(crate) fn above_zero(money: &Money, _: &()) -> garde::Result {
    if money.amount > 0 {
        Ok(())
    } else {
        Err(garde::Error::new("must be more than 0"))
    }
}
