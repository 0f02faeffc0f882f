//! The two databases, and what each transaction makes of them.

use order::domain::order::{Reason, Status};
use order::store::settle::{confirms, ended, releases};
use saga::{Row, Stand, Taken};
use time::OffsetDateTime;
use user::domain::wallet::{Charge, Charged, Kind, Payment, Refund, Refunded, Till};
use uuid::Uuid;

use super::Bug;

/// What the order costs.
pub(super) const PRICE: i64 = 10;

const ORDER: Uuid = Uuid::from_u128(1);
const ACCOUNT: Uuid = Uuid::from_u128(2);
const REFUND: (Uuid, &str) = (ORDER, "compensation");

/// A transaction that is asked for; by whom counts only where it names an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// The customer orders, or does so again with the same key.
    Place,
    /// The money is to be taken.
    Charge,
    /// It is to be given back, and never to be taken later.
    Refund,
    /// It is to be undone, for this reason.
    Decide(i64, String),
    /// The order is to be confirmed.
    Confirm(i64),
    /// The order is to be released.
    Release(i64),
}

/// The order's database and the wallet's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shop {
    /// How many orders the key has made.
    pub orders: u8,
    /// The order.
    pub status: Option<Status>,
    /// Its saga.
    pub saga: Row,
    /// Units that nobody has.
    pub free: i32,
    /// Units that the order holds.
    pub held: i32,
    /// Units that it has bought.
    pub sold: i32,
    /// What the customer has.
    pub balance: i64,
    /// What the customer had.
    pub before: i64,
    /// The row in which charge and refund meet.
    pub payment: Option<Payment>,
    refunded: Option<Refunded>,
}

impl Shop {
    /// A shop with one unit, and a customer who has so much.
    pub fn of(balance: i64) -> Self {
        Self {
            orders: 0,
            status: None,
            saga: Row {
                epoch: 0,
                undo: None,
                ended: false,
            },
            free: 1,
            held: 0,
            sold: 0,
            balance,
            before: balance,
            payment: None,
            refunded: None,
        }
    }

    /// Whether somebody may take the saga up.
    pub fn is_claimable(&self) -> bool {
        self.status.is_some() && !self.saga.ended
    }

    /// Whether the customer has paid.
    pub fn is_charged(&self) -> bool {
        matches!(self.payment, Some(Payment::Charged { .. }))
    }

    /// Whether nothing has come from nowhere or gone there.
    pub fn is_conserved(&self) -> bool {
        let paid = if self.is_charged() { PRICE } else { 0 };
        let units = self.free + self.held + self.sold;
        self.balance + paid == self.before && units == 1 && self.free >= 0 && self.balance >= 0
    }

    /// Places the order, unless the key has one. Answers whether it is new.
    pub fn place(&mut self, bug: Option<Bug>) -> bool {
        let new = self.orders == 0;
        if new {
            self.status = Some(Status::Pending);
            self.saga.epoch = 1;
            self.free -= 1;
            self.held += 1;
        }
        if new || bug == Some(Bug::KeyNotUnique) && self.orders < 2 {
            self.orders += 1;
        }
        new
    }

    /// Takes the money, as the user service does.
    pub fn charge(&mut self, bug: Option<Bug>) -> Taken {
        let blind = bug == Some(Bug::ChargeIgnoresVoid);
        let found = self.payment.clone();
        let found = found.filter(|row| !(blind && matches!(row, Payment::Void { .. })));
        let mut till = self.till(found);
        let charged = till.charge(&Charge {
            order: ORDER,
            account: ACCOUNT,
            amount: PRICE,
            transfer: Uuid::nil(),
        });
        self.keep(&till);
        match charged {
            Charged::Done => Taken::Done,
            Charged::Declined(_) => Taken::Refused(Reason::PaymentDeclined.word().to_owned()),
            Charged::Other => Taken::Unknown,
        }
    }

    /// Gives it back, as the user service does.
    pub fn refund(&mut self) -> Taken {
        let mut till = self.till(self.payment.clone());
        let refund = Refund {
            id: ORDER,
            order: ORDER,
            kind: Kind::Compensation,
            transfer: Uuid::nil(),
        };
        let made = till.refund(&refund, OffsetDateTime::UNIX_EPOCH);
        self.keep(&till);
        made.map_or(Taken::Unknown, |_| Taken::Done)
    }

    fn till(&self, found: Option<Payment>) -> Till {
        Till::default()
            .with_balances([(ACCOUNT, self.balance)])
            .with_payments(found.map(|payment| (ORDER, payment)))
            .with_refunds(self.refunded.map(|made| (REFUND, made)))
    }

    fn keep(&mut self, till: &Till) {
        self.balance = till.balance(ACCOUNT);
        let payment = till.new_payments().remove(&ORDER);
        self.payment = payment.or_else(|| self.payment.take());
        self.refunded = till.new_refunds().remove(&REFUND).or(self.refunded);
    }

    /// Decides to undo: `update sagas ... where epoch = n and direction = 'forward' and ended_at is null`.
    pub fn decide(&mut self, epoch: i64, reason: &str) -> Taken {
        if self.saga.stand(epoch) == Stand::Forward {
            self.saga.undo = Some(reason.to_owned());
        }
        match self.saga.stand(epoch) {
            Stand::Undo(_) => Taken::Done,
            _ => Taken::Lost,
        }
    }

    /// Confirms the order.
    pub fn confirm(&mut self, epoch: i64, bug: Option<Bug>) -> Taken {
        let (stand, status) = (self.saga.stand(epoch), self.status);
        let blind = bug == Some(Bug::ConfirmWithoutLease);
        let seen = if blind { &Stand::Forward } else { &stand };
        let now = status.is_some_and(|status| confirms(seen, status));
        if now {
            self.settle(Status::Confirmed);
            self.sold += 1;
        }
        ended(now, &stand)
    }

    /// Releases the order.
    pub fn release(&mut self, epoch: i64) -> Taken {
        let (stand, status) = (self.saga.stand(epoch), self.status);
        let now = status.is_some_and(|status| releases(&stand, status));
        if let (true, Stand::Undo(reason)) = (now, &stand) {
            let status = Status::read("rejected", reason);
            self.settle(status.expect("only reasons of orders are given"));
            self.free += 1;
        }
        ended(now, &stand)
    }

    fn settle(&mut self, status: Status) {
        self.status = Some(status);
        self.saga.ended = true;
        self.held -= 1;
    }
}
