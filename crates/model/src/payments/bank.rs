//! The rows of one order and its customer: as they are committed, and who has locked them.

use std::collections::BTreeMap;

use user::domain::wallet::{Payment, Refunded};
use uuid::Uuid;

/// What the order costs.
pub(super) const PRICE: i64 = 3;

/// What is committed, and who has locked what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bank {
    /// The order's row.
    pub payment: Option<Payment>,
    /// What the customer has.
    pub balance: i64,
    before: i64,
    /// What was ever taken from the customer.
    pub taken: i64,
    /// What was given back, by id and name of its kind.
    pub refunds: BTreeMap<(Uuid, &'static str), Refunded>,
    /// Who has inserted the order's row, and not committed it.
    inserted_by: Option<usize>,
    payment_of: Option<usize>,
    wallet_of: Option<usize>,
}

impl Bank {
    /// A customer who has so much, and an order of which nothing was asked yet.
    pub fn of(balance: i64) -> Self {
        Self {
            payment: None,
            balance,
            before: balance,
            taken: 0,
            refunds: BTreeMap::new(),
            inserted_by: None,
            payment_of: None,
            wallet_of: None,
        }
    }

    /// Whether somebody has inserted the order's row, and not committed it.
    pub fn has_new_row(&self) -> bool {
        self.inserted_by.is_some()
    }

    /// Whether this is who has.
    pub fn is_new_of(&self, by: usize) -> bool {
        self.inserted_by == Some(by)
    }

    /// Whether the customer has what the rows say.
    pub fn is_conserved(&self) -> bool {
        let back: i64 = self.refunds.values().map(|made| made.amount).sum();
        let paid = match self.payment {
            Some(Payment::Charged {
                amount, refunded, ..
            }) => amount - refunded,
            _ => 0,
        };
        self.balance == self.before - self.taken + back && self.balance == self.before - paid
    }

    /// `insert ... on conflict do nothing`: whether it inserts. Nothing while it has to wait.
    pub fn insert(&mut self, by: usize) -> Option<bool> {
        if self.payment.is_some() {
            return Some(false);
        }
        lock(&mut self.inserted_by, by).then_some(true)
    }

    /// Locks the order's row, where there is one that is committed; false while it has to wait.
    pub fn lock_payment(&mut self, by: usize) -> bool {
        self.payment.is_none() || lock(&mut self.payment_of, by)
    }

    /// Locks the wallet; false while it has to wait.
    pub fn lock_wallet(&mut self, by: usize) -> bool {
        lock(&mut self.wallet_of, by)
    }

    /// Ends a transaction: its locks are free.
    pub fn unlock(&mut self, by: usize) {
        let Self {
            inserted_by,
            payment_of,
            wallet_of,
            ..
        } = self;
        for of in [inserted_by, payment_of, wallet_of] {
            *of = of.filter(|of| *of != by);
        }
    }
}

fn lock(of: &mut Option<usize>, by: usize) -> bool {
    *of.get_or_insert(by) == by
}
