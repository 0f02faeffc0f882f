//! One transaction that charges or refunds, as far as it has got.

use time::OffsetDateTime;
use user::domain::wallet::{
    Charge, Charged, Kind, NoRefund, Payment, Reason, Refund, Refunded, Till,
};
use uuid::Uuid;

use super::bank::{Bank, PRICE};
use super::{Action, Asked, Bug, State};

const ORDER: Uuid = Uuid::from_u128(1);
const ACCOUNT: Uuid = Uuid::from_u128(2);

/// Something that is asked for, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// What.
    pub asked: Asked,
    /// How far.
    pub at: At,
}

/// How far a transaction is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// It has not begun, or begins again.
    Idle,
    /// It has inserted the order's row; false: there was one, or none is to be there.
    Inserted(bool),
    /// It has the order's row, and has read this.
    HasPayment(Option<Payment>),
    /// It has the wallet too, and has read this.
    HasWallet(Option<Payment>, i64),
    /// It has written, and not committed.
    Decided(Outcome, Written),
    /// Its caller knows.
    Done(Outcome),
}

/// What its caller is answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Of a charge.
    Charged(Charged),
    /// Of a refund.
    Refunded(Result<Refunded, NoRefund>),
}

/// What a transaction has written: the order's row, the wallet, and what moved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Written {
    payment: Option<Payment>,
    balance: Option<i64>,
    taken: i64,
    refund: Option<Refunded>,
}

impl Job {
    pub(super) fn of(asked: Asked) -> Self {
        let at = At::Idle;
        Self { asked, at }
    }

    /// The order's row as it found it.
    pub fn found(&self) -> Option<&Payment> {
        match &self.at {
            At::HasPayment(found) | At::HasWallet(found, _) => found.as_ref(),
            _ => None,
        }
    }

    /// Whether what its caller was answered is so.
    pub fn is_true_of(&self, bank: &Bank) -> bool {
        let At::Done(outcome) = &self.at else {
            return true;
        };
        match (outcome, &bank.payment) {
            (Outcome::Charged(Charged::Done), row) => matches!(
                row,
                Some(Payment::Charged { .. } | Payment::Refunded { .. })
            ),
            (Outcome::Charged(Charged::Declined(_)), row) => {
                matches!(row, Some(Payment::Void { .. } | Payment::Refunded { .. }))
            }
            (Outcome::Charged(Charged::Other), _) => false,
            (Outcome::Refunded(Ok(made)), _) => bank.refunds.values().any(|kept| kept == made),
            (Outcome::Refunded(Err(_)), _) => true,
        }
    }

    fn refund(&self) -> Option<Refund> {
        let Asked::Refund(id, kind) = self.asked else {
            return None;
        };
        Some(Refund {
            id: Uuid::from_u128(id),
            order: ORDER,
            kind,
            transfer: Uuid::nil(),
        })
    }

    /// Whether it begins by inserting the row: a part of a charge goes back only where there is one.
    fn inserts(&self, bug: Option<Bug>) -> bool {
        match self.asked {
            Asked::Charge => true,
            Asked::Refund(_, Kind::Partial(_)) => false,
            Asked::Refund(..) => bug != Some(Bug::RefundWithoutVoid),
        }
    }

    /// Decides on what was read, as the user service does.
    fn decide(&self, new: bool, found: Option<Payment>, balance: i64, bank: &Bank) -> At {
        let mut till = Till::default().with_balances([(ACCOUNT, balance)]);
        let outcome = if let Some(refund) = self.refund() {
            till = till
                .with_payments(found.map(|payment| (ORDER, payment)))
                .with_refunds(bank.refunds.clone());
            Outcome::Refunded(till.refund(&refund, OffsetDateTime::UNIX_EPOCH))
        } else {
            // Its own new row is not laid in: it was written as charged before anybody looked into the wallet.
            let found = found.filter(|_| !new);
            till = till.with_payments(found.map(|payment| (ORDER, payment)));
            Outcome::Charged(till.charge(&Charge {
                order: ORDER,
                account: ACCOUNT,
                amount: PRICE,
                transfer: Uuid::nil(),
            }))
        };
        let charges = till.new_transfers().iter();
        let written = Written {
            payment: till.new_payments().remove(&ORDER),
            balance: till.new_balances().remove(&ACCOUNT),
            taken: charges
                .filter(|it| it.debit == ACCOUNT)
                .map(|it| it.amount)
                .sum(),
            refund: till.new_refunds().into_values().next(),
        };
        At::Decided(outcome, written)
    }
}

impl State {
    /// Does it, where it can be done now.
    pub(super) fn go(&mut self, action: Action, bug: Option<Bug>) -> bool {
        let (Action::Insert(by)
        | Action::LockPayment(by)
        | Action::LockWallet(by)
        | Action::Decide(by)
        | Action::Commit(by, _)
        | Action::Break(by)) = action;
        let (job, bank) = (self.jobs[by].clone(), &mut self.bank);
        let unlocked = bug == Some(Bug::NoRowLock) && job.refund().is_some();
        let next = match (action, job.at.clone()) {
            (Action::Insert(_), At::Idle) if job.inserts(bug) => bank.insert(by).map(At::Inserted),
            (Action::Insert(_), At::Idle) => Some(At::Inserted(false)),
            (Action::LockPayment(_), At::Inserted(new)) => {
                let locked = unlocked || bank.lock_payment(by);
                let blind = bug == Some(Bug::ChargeTrustsConflict) && job.asked == Asked::Charge;
                locked.then(|| {
                    At::HasPayment(if blind {
                        Some(own(&job))
                    } else {
                        job.reads(new, bank)
                    })
                })
            }
            (Action::LockWallet(_), At::HasPayment(found)) => {
                let needs = match job.asked {
                    Asked::Charge => bank.is_new_of(by),
                    Asked::Refund(..) => found.as_ref().is_some_and(|row| row.payer().is_some()),
                };
                let locked = unlocked || !needs || bank.lock_wallet(by);
                locked.then_some(At::HasWallet(found, bank.balance))
            }
            (Action::Decide(_), At::HasWallet(found, balance)) => {
                Some(job.decide(bank.is_new_of(by), found, balance, bank))
            }
            (Action::Commit(_, heard), At::Decided(outcome, written)) => {
                bank.keep(by, &job, written);
                bank.unlock(by);
                Some(if heard { At::Done(outcome) } else { At::Idle })
            }
            (Action::Break(_), at) if !matches!(at, At::Idle | At::Done(_)) => {
                bank.unlock(by);
                Some(At::Idle)
            }
            _ => None,
        };
        let went = next.is_some();
        self.jobs[by].at = next.unwrap_or(job.at);
        went
    }
}

impl Job {
    /// The row as this transaction sees it: its own, where it has inserted it.
    fn reads(&self, new: bool, bank: &Bank) -> Option<Payment> {
        if new {
            Some(own(self))
        } else {
            bank.payment.clone()
        }
    }
}

/// The row that a job inserts.
fn own(job: &Job) -> Payment {
    match job.asked {
        Asked::Charge => Payment::Charged {
            account: ACCOUNT,
            amount: PRICE,
            refunded: 0,
        },
        Asked::Refund(..) => Payment::Void {
            asked: None,
            reason: Reason::Voided,
        },
    }
}

impl Bank {
    /// Commits what `job` has written.
    fn keep(&mut self, by: usize, job: &Job, written: Written) {
        // A row that was inserted is kept as it was inserted, unless it was changed. An update finds no row where there is none.
        if self.payment.is_some() || self.is_new_of(by) {
            let inserted = self.payment.take().or_else(|| Some(own(job)));
            self.payment = written.payment.or(inserted);
        }
        self.balance = written.balance.unwrap_or(self.balance);
        self.taken += written.taken;
        if let (Some(made), Some(refund)) = (written.refund, job.refund()) {
            self.refunds.insert((refund.id, refund.kind.name()), made);
        }
    }
}
