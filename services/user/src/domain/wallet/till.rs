//! The rows that a group of jobs has locked, and what the jobs make of them, one after another.

use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Charge, Charged, Key, Kind, NoRefund, OUTSIDE, Payment, Reason, Receipt, Refund, Refunded,
    SHOP, TopUp, ToppedUp, Transfer,
};

/// The rows that a group of jobs has locked. What is not here does not exist.
///
/// Each job is decided on what the ones before it left; what changed is then written at once.
#[derive(Debug, Default)]
pub struct Till {
    balances: Rows<Uuid, i64>,
    payments: Rows<Uuid, Payment>,
    refunds: Rows<(Uuid, &'static str), Refunded>,
    receipts: Rows<Key, (Vec<u8>, Receipt)>,
    transfers: Vec<Transfer>,
}

impl Till {
    /// Lays in what wallets hold.
    #[must_use]
    pub fn with_balances(mut self, balances: impl IntoIterator<Item = (Uuid, i64)>) -> Self {
        self.balances.lay_in(balances);
        self
    }

    /// Lays in the payments of orders.
    #[must_use]
    pub fn with_payments(mut self, payments: impl IntoIterator<Item = (Uuid, Payment)>) -> Self {
        self.payments.lay_in(payments);
        self
    }

    /// Lays in the refunds that were made, by id and name of their kind.
    #[must_use]
    pub fn with_refunds(
        mut self,
        refunds: impl IntoIterator<Item = ((Uuid, &'static str), Refunded)>,
    ) -> Self {
        self.refunds.lay_in(refunds);
        self
    }

    /// Lays in what keys were answered, with the hash each was first sent with.
    #[must_use]
    pub fn with_receipts(
        mut self,
        receipts: impl IntoIterator<Item = (Key, (Vec<u8>, Receipt))>,
    ) -> Self {
        self.receipts.lay_in(receipts);
        self
    }

    /// Takes the money of an order, or finds what was decided of it.
    pub fn charge(&mut self, charge: &Charge) -> Charged {
        if let Some(payment) = self.payments.find(&charge.order) {
            return payment.obeyed_by(charge);
        }
        let payment = self.pay(charge);
        let outcome = payment.obeyed_by(charge);
        self.payments.write(charge.order, payment);
        outcome
    }

    fn pay(&mut self, charge: &Charge) -> Payment {
        let &Charge {
            account, amount, ..
        } = charge;
        let balance = self.balances.find(&account).copied();
        let reason = match balance {
            None => Reason::NoSuchAccount,
            Some(balance) if balance < amount => Reason::InsufficientFunds,
            Some(_) => {
                self.transfer(charge.transfer, account, SHOP, amount, Some(charge.order));
                return Payment::Charged {
                    account,
                    amount,
                    refunded: 0,
                };
            }
        };
        Payment::Void {
            asked: Some((account, amount)),
            reason,
        }
    }

    /// Gives money back `now`, or finds what was given back.
    ///
    /// # Errors
    /// Why not. Only a partial refund is refused, and one whose id another refund has.
    pub fn refund(&mut self, refund: &Refund, now: OffsetDateTime) -> Result<Refunded, NoRefund> {
        if let Some(made) = self.refunds.find(&(refund.id, refund.kind.name())) {
            return made.again(refund);
        }
        let payment = self.payments.find(&refund.order).cloned();
        let (amount, after) = match refund.kind {
            Kind::Partial(amount) => (amount, part(payment.as_ref(), amount)?),
            Kind::Compensation | Kind::Cancel => rest(payment.as_ref()),
        };
        if let Some(payer) = after.payer() {
            self.transfer(refund.transfer, SHOP, payer, amount, Some(refund.order));
        }
        if payment.as_ref() != Some(&after) {
            self.payments.write(refund.order, after);
        }
        let made = Refunded {
            order: refund.order,
            amount,
            at: now,
        };
        self.refunds.write((refund.id, refund.kind.name()), made);
        Ok(made)
    }

    /// Puts money into a wallet `now`, or finds the answer that its key was given.
    pub fn top_up(&mut self, top_up: &TopUp, now: OffsetDateTime) -> ToppedUp {
        if let Some((hash, receipt)) = self.receipts.find(&top_up.key) {
            return again(hash, receipt, top_up);
        }
        let account = top_up.key.account;
        if self.balances.find(&account).is_none() {
            return ToppedUp::NoSuchAccount;
        }
        self.transfer(top_up.transfer, OUTSIDE, account, top_up.amount, None);
        let receipt = Receipt {
            transfer: top_up.transfer,
            amount: top_up.amount,
            balance: self.balance(account),
            at: now,
        };
        let kept = (top_up.hash.clone(), receipt.clone());
        self.receipts.write(top_up.key.clone(), kept);
        ToppedUp::Done {
            receipt,
            replayed: false,
        }
    }

    /// What `account` has now.
    pub fn balance(&self, account: Uuid) -> i64 {
        self.balances.find(&account).copied().unwrap_or(0)
    }

    /// The payment of `order` as it is now.
    pub fn payment(&self, order: Uuid) -> Option<&Payment> {
        self.payments.find(&order)
    }

    /// The balances that changed.
    pub fn new_balances(&self) -> BTreeMap<Uuid, i64> {
        self.balances.changes()
    }

    /// The payments that are new or changed.
    pub fn new_payments(&self) -> BTreeMap<Uuid, Payment> {
        self.payments.changes()
    }

    /// The refunds that were made.
    pub fn new_refunds(&self) -> BTreeMap<(Uuid, &'static str), Refunded> {
        self.refunds.changes()
    }

    /// The answers that were given.
    pub fn new_receipts(&self) -> BTreeMap<Key, (Vec<u8>, Receipt)> {
        self.receipts.changes()
    }

    /// The transfers that were made.
    pub fn new_transfers(&self) -> &[Transfer] {
        &self.transfers
    }

    /// Moves money; a transfer of nothing is none.
    fn transfer(&mut self, id: Uuid, debit: Uuid, credit: Uuid, amount: i64, order: Option<Uuid>) {
        if amount == 0 {
            return;
        }
        for (account, change) in [(debit, -amount), (credit, amount)] {
            // Neither the shop nor the world outside has a balance; theirs are sums.
            if ![SHOP, OUTSIDE].contains(&account) {
                self.balances.write(account, self.balance(account) + change);
            }
        }
        self.transfers.push(Transfer {
            id,
            debit,
            credit,
            amount,
            order,
        });
    }
}

impl Refunded {
    /// What the same refund is answered when it is sent again.
    fn again(&self, refund: &Refund) -> Result<Self, NoRefund> {
        let same = self.order == refund.order
            && match refund.kind {
                Kind::Partial(amount) => self.amount == amount,
                Kind::Compensation | Kind::Cancel => true,
            };
        same.then_some(*self).ok_or(NoRefund::Other)
    }
}

/// What a payment becomes when `part` of it goes back.
fn part(payment: Option<&Payment>, part: i64) -> Result<Payment, NoRefund> {
    match payment {
        None | Some(Payment::Void { .. }) => Err(NoRefund::NotCharged),
        Some(Payment::Refunded { .. }) => Err(NoRefund::Over),
        Some(&Payment::Charged {
            account,
            amount,
            refunded,
        }) => {
            let refunded = refunded
                .checked_add(part)
                .filter(|refunded| *refunded <= amount)
                .ok_or(NoRefund::Over)?;
            Ok(Payment::Charged {
                account,
                amount,
                refunded,
            })
        }
    }
}

/// What is left of a payment, and what it becomes when that goes back.
fn rest(payment: Option<&Payment>) -> (i64, Payment) {
    match payment {
        None => {
            let void = Payment::Void {
                asked: None,
                reason: Reason::Voided,
            };
            (0, void)
        }
        Some(&Payment::Charged {
            account,
            amount,
            refunded,
        }) => (amount - refunded, Payment::Refunded { account, amount }),
        Some(settled) => (0, settled.clone()),
    }
}

/// What a key that was answered before is answered now.
fn again(hash: &[u8], receipt: &Receipt, top_up: &TopUp) -> ToppedUp {
    if hash != top_up.hash {
        return ToppedUp::KeyReused;
    }
    ToppedUp::Done {
        receipt: receipt.clone(),
        replayed: true,
    }
}

/// Rows of one table: as they were found, and as they became.
#[derive(Debug)]
struct Rows<K, V> {
    found: HashMap<K, V>,
    changed: BTreeMap<K, V>,
}

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        Self {
            found: HashMap::new(),
            changed: BTreeMap::new(),
        }
    }
}

impl<K: Ord + std::hash::Hash + Clone, V: Clone> Rows<K, V> {
    fn lay_in(&mut self, rows: impl IntoIterator<Item = (K, V)>) {
        self.found.extend(rows);
    }

    fn find(&self, key: &K) -> Option<&V> {
        self.changed.get(key).or_else(|| self.found.get(key))
    }

    fn write(&mut self, key: K, value: V) {
        self.changed.insert(key, value);
    }

    fn changes(&self) -> BTreeMap<K, V> {
        self.changed.clone()
    }
}
