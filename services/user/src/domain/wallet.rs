//! What is asked of money, and what may be answered. No I/O, no clock, no chance.

mod till;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

pub use till::Till;

/// The shop's side of a transfer.
pub const SHOP: Uuid = Uuid::nil();
/// The side of everybody who is not here, such as a customer's bank.
pub const OUTSIDE: Uuid = Uuid::max();

/// Takes the money of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The order; it is charged once.
    pub order: Uuid,
    /// Who pays.
    pub account: Uuid,
    /// In minor units; 0 for an order that costs nothing.
    pub amount: i64,
    /// The id of the transfer, should it come to that.
    pub transfer: Uuid,
}

/// What was decided of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charged {
    /// The money is taken, now or long ago.
    Done,
    /// It was not, and will never be.
    Declined(Reason),
    /// The order was charged to another account, or another amount: somebody has mixed up orders.
    Other,
}

/// Why an order will never be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// There was less in the wallet.
    InsufficientFunds,
    /// Nobody has that wallet.
    NoSuchAccount,
    /// A refund came first.
    Voided,
}

/// The row that is the judge of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payment {
    /// It will never be charged.
    Void {
        /// What was asked for; unknown where a refund came before any charge.
        asked: Option<(Uuid, i64)>,
        /// Why.
        reason: Reason,
    },
    /// It is charged, and a part of that may have been given back.
    Charged {
        /// Who paid.
        account: Uuid,
        /// How much.
        amount: i64,
        /// How much of it went back.
        refunded: i64,
    },
    /// All of it went back, and nothing of it will be charged again.
    Refunded {
        /// Who had paid.
        account: Uuid,
        /// How much.
        amount: i64,
    },
}

/// Gives money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The same in every repetition.
    pub id: Uuid,
    /// The order that was paid for.
    pub order: Uuid,
    /// How much of it, and why.
    pub kind: Kind,
    /// The id of the transfer, should it come to that.
    pub transfer: Uuid,
}

/// How much of a charge goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A placing is undone: all that is left, and no charge after it.
    Compensation,
    /// An order is cancelled: all that is left.
    Cancel,
    /// A part, more than 0.
    Partial(i64),
}

/// A refund that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refunded {
    /// The order it was made for.
    pub order: Uuid,
    /// What went back; 0 where nothing was left.
    pub amount: i64,
    /// When.
    pub at: OffsetDateTime,
}

/// Why a refund was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoRefund {
    /// More than is left of the charge.
    Over,
    /// Nothing was ever charged.
    NotCharged,
    /// Another refund has this id.
    Other,
}

/// Puts money into a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUp {
    /// Whose request this is.
    pub key: Key,
    /// What the key was first sent with.
    pub hash: Vec<u8>,
    /// More than 0.
    pub amount: i64,
    /// The id of the transfer, should it come to that.
    pub transfer: Uuid,
}

/// Names a request: the same key is the same request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The account that sent it, and whose wallet it is.
    pub account: Uuid,
    /// Method and route template.
    pub route: String,
    /// What the caller chose.
    pub key: String,
}

/// What a top-up is answered with, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The transfer.
    pub transfer: Uuid,
    /// How much came in.
    pub amount: i64,
    /// The balance right after it.
    pub balance: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What was decided of a top-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToppedUp {
    /// The money is there.
    Done {
        /// The answer.
        receipt: Receipt,
        /// Whether it was decided by an earlier request of the same key.
        replayed: bool,
    },
    /// Nobody has that account. Nothing is remembered of it.
    NoSuchAccount,
    /// The key belongs to another request.
    KeyReused,
}

/// Money that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: Uuid,
    /// Who has less.
    pub debit: Uuid,
    /// Who has more.
    pub credit: Uuid,
    /// More than 0.
    pub amount: i64,
    /// The order it was for, unless it is a top-up.
    pub order: Option<Uuid>,
}

impl Reason {
    /// As it is written down and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::NoSuchAccount => "no_such_account",
            Self::Voided => "voided",
        }
    }

    /// Reads what [`Reason::name`] wrote.
    pub fn named(name: &str) -> Option<Self> {
        [Self::InsufficientFunds, Self::NoSuchAccount, Self::Voided]
            .into_iter()
            .find(|reason| reason.name() == name)
    }
}

impl Kind {
    /// As it is written down.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compensation => "compensation",
            Self::Cancel => "cancel",
            Self::Partial(_) => "partial",
        }
    }
}

impl Transfer {
    /// As it is written down: the sides tell.
    pub fn kind(&self) -> &'static str {
        match (self.debit, self.credit) {
            (OUTSIDE, _) => "topup",
            (SHOP, _) => "refund",
            _ => "charge",
        }
    }
}

impl Payment {
    /// What a charge that finds this row is answered.
    pub fn obeyed_by(&self, charge: &Charge) -> Charged {
        let same = (charge.account, charge.amount);
        match *self {
            Self::Void {
                asked: Some(other), ..
            } if other != same => Charged::Other,
            Self::Void { reason, .. } => Charged::Declined(reason),
            Self::Charged {
                account, amount, ..
            }
            | Self::Refunded { account, amount }
                if (account, amount) != same =>
            {
                Charged::Other
            }
            Self::Charged { .. } => Charged::Done,
            Self::Refunded { .. } => Charged::Declined(Reason::Voided),
        }
    }

    /// Who is given money back, should there be any.
    pub fn payer(&self) -> Option<Uuid> {
        match *self {
            Self::Void { .. } => None,
            Self::Charged { account, .. } | Self::Refunded { account, .. } => Some(account),
        }
    }
}
