//! Random histories of charges, refunds and top-ups.

use std::collections::{BTreeMap, HashMap};

use super::*;
use proptest::prelude::*;

/// Anything that may be asked.
#[derive(Clone, Debug)]
enum Job {
    Charge(Charge),
    Refund(Refund),
    TopUp(TopUp),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Charge(Charged),
    Refund(Result<Refunded, NoRefund>),
    TopUp(ToppedUp),
}

/// What the tables would hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tables {
    balances: BTreeMap<Uuid, i64>,
    payments: BTreeMap<Uuid, Payment>,
    refunds: BTreeMap<(Uuid, &'static str), Refunded>,
    receipts: BTreeMap<Key, (Vec<u8>, Receipt)>,
    transfers: Vec<Transfer>,
}

const ACCOUNTS: [u128; 2] = [1, 2];
const NOON: OffsetDateTime = time::macros::datetime!(2026-11-20 12:00 UTC);

impl Tables {
    fn open() -> Self {
        let balances = ACCOUNTS.map(|account| (Uuid::from_u128(account), 0));
        Self {
            balances: balances.into(),
            ..Self::default()
        }
    }

    /// Carries out `jobs` as one group.
    fn run(&mut self, jobs: &[Job]) -> Vec<Outcome> {
        let mut till = Till::default()
            .with_balances(self.balances.clone())
            .with_payments(self.payments.clone())
            .with_refunds(self.refunds.clone())
            .with_receipts(self.receipts.clone());
        let outcomes = jobs.iter().map(|job| decide(&mut till, job)).collect();
        self.balances.extend(till.new_balances());
        self.payments.extend(till.new_payments());
        self.refunds.extend(till.new_refunds());
        self.receipts.extend(till.new_receipts());
        self.transfers.extend_from_slice(till.new_transfers());
        outcomes
    }

    fn sum(&self, account: Uuid) -> i64 {
        let sides = self.transfers.iter().map(|transfer| {
            let gain = if transfer.credit == account {
                transfer.amount
            } else {
                0
            };
            let loss = if transfer.debit == account {
                transfer.amount
            } else {
                0
            };
            gain - loss
        });
        sides.sum()
    }

    /// What the shop has of `order`, by its transfers.
    fn net(&self, order: Uuid) -> i64 {
        let of_order = self
            .transfers
            .iter()
            .filter(|made| made.order == Some(order));
        of_order
            .map(|made| {
                if made.credit == SHOP {
                    made.amount
                } else {
                    -made.amount
                }
            })
            .sum()
    }
}

fn decide(till: &mut Till, job: &Job) -> Outcome {
    match job {
        Job::Charge(charge) => Outcome::Charge(till.charge(charge)),
        Job::Refund(refund) => Outcome::Refund(till.refund(refund, NOON)),
        Job::TopUp(top_up) => Outcome::TopUp(till.top_up(top_up, NOON)),
    }
}

fn few(below: u128) -> impl Strategy<Value = Uuid> {
    (0..below).prop_map(Uuid::from_u128)
}

/// Every id is one of few, so that jobs meet.
fn job() -> impl Strategy<Value = Job> {
    // The first account of the three has no wallet.
    let account = || (1..=3_u128).prop_map(Uuid::from_u128);
    let order = || few(4);
    let charge = (order(), account(), 0..60_i64).prop_map(|(order, account, amount)| {
        let transfer = Uuid::now_v7();
        Job::Charge(Charge {
            order,
            account,
            amount,
            transfer,
        })
    });
    let usual = order().prop_map(|order| {
        let account = Uuid::from_u128(ACCOUNTS[0]);
        let transfer = Uuid::now_v7();
        Job::Charge(Charge {
            order,
            account,
            amount: 40,
            transfer,
        })
    });
    let partial = (few(6), order(), 1..60_i64).prop_map(|(id, order, amount)| {
        let kind = Kind::Partial(amount);
        Job::Refund(Refund {
            id,
            order,
            kind,
            transfer: Uuid::now_v7(),
        })
    });
    let whole = (order(), any::<bool>()).prop_map(|(order, cancel)| {
        let kind = if cancel {
            Kind::Cancel
        } else {
            Kind::Compensation
        };
        Job::Refund(Refund {
            id: order,
            order,
            kind,
            transfer: Uuid::now_v7(),
        })
    });
    let top_up = (account(), 0..4_u8, 1..100_i64).prop_map(|(account, key, amount)| {
        let key = Key {
            account,
            route: "top up".into(),
            key: key.to_string(),
        };
        // The hash stands for the amount, as it does on the wire.
        let hash = amount.to_be_bytes().to_vec();
        Job::TopUp(TopUp {
            key,
            hash,
            amount,
            transfer: Uuid::now_v7(),
        })
    });
    prop_oneof![1 => charge, 3 => usual, 3 => partial, 1 => whole, 3 => top_up]
}

fn history() -> impl Strategy<Value = Vec<Vec<Job>>> {
    prop::collection::vec(prop::collection::vec(job(), 1..5), 1..20)
}

/// What was answered first to what is the same request, where that answer binds.
fn binding(job: &Job, outcome: &Outcome) -> Option<(String, String)> {
    let request = match job {
        Job::Charge(Charge {
            order,
            account,
            amount,
            ..
        }) => format!("charge {order} {account} {amount}"),
        Job::Refund(Refund {
            id, order, kind, ..
        }) => format!("refund {id} {order} {kind:?}"),
        Job::TopUp(TopUp { key, amount, .. }) => format!("top up {key:?} {amount}"),
    };
    let answer = match outcome {
        Outcome::Charge(Charged::Declined(reason)) => format!("{reason:?}"),
        Outcome::Refund(Ok(refunded)) => format!("{refunded:?}"),
        Outcome::TopUp(ToppedUp::Done { receipt, .. }) => format!("{receipt:?}"),
        _ => return None,
    };
    Some((request, answer))
}

proptest! {
    #[test]
    fn money_is_conserved(history in history()) {
        let mut tables = Tables::open();
        for jobs in history {
            tables.run(&jobs);
            let all: i64 = tables.balances.values().sum();
            prop_assert_eq!(all + tables.sum(SHOP) + tables.sum(OUTSIDE), 0);
            for (account, balance) in &tables.balances {
                prop_assert_eq!(tables.sum(*account), *balance);
                prop_assert!(*balance >= 0);
            }
        }
    }

    #[test]
    fn the_shop_has_of_an_order_what_its_payment_says(history in history()) {
        let mut tables = Tables::open();
        for jobs in history {
            tables.run(&jobs);
            for (order, payment) in &tables.payments {
                let left = match payment {
                    Payment::Charged { amount, refunded, .. } => amount - refunded,
                    Payment::Void { .. } | Payment::Refunded { .. } => 0,
                };
                prop_assert!(left >= 0);
                prop_assert_eq!(tables.net(*order), left);
            }
        }
    }

    #[test]
    fn what_is_void_or_refunded_is_never_charged_again(history in history()) {
        let mut tables = Tables::open();
        for jobs in history {
            let before = tables.payments.clone();
            tables.run(&jobs);
            for (order, payment) in before {
                if !matches!(payment, Payment::Charged { .. }) {
                    prop_assert_eq!(&tables.payments[&order], &payment);
                }
            }
        }
    }

    #[test]
    fn an_order_is_charged_once(history in history()) {
        let mut tables = Tables::open();
        for jobs in history {
            tables.run(&jobs);
        }
        let mut charges = HashMap::new();
        for transfer in tables.transfers.iter().filter(|made| made.credit == SHOP) {
            prop_assert_eq!(charges.insert(transfer.order, transfer.id), None);
        }
    }

    #[test]
    fn the_same_request_is_answered_the_same_for_ever(history in history()) {
        let mut tables = Tables::open();
        let mut answers = HashMap::new();
        for jobs in history {
            let outcomes = tables.run(&jobs);
            for (job, outcome) in jobs.iter().zip(&outcomes) {
                if let Some((request, answer)) = binding(job, outcome) {
                    let first = answers.entry(request).or_insert_with(|| answer.clone());
                    prop_assert_eq!(first, &answer);
                }
            }
        }
    }

    #[test]
    fn whole_refunds_are_never_refused(history in history()) {
        let mut tables = Tables::open();
        for jobs in history {
            let outcomes = tables.run(&jobs);
            for (job, outcome) in jobs.iter().zip(outcomes) {
                if let Job::Refund(Refund { kind: Kind::Cancel | Kind::Compensation, .. }) = job {
                    prop_assert!(matches!(outcome, Outcome::Refund(Ok(_))));
                }
            }
        }
    }

    #[test]
    fn a_group_does_what_its_jobs_do_alone(history in history()) {
        let (mut grouped, mut alone) = (Tables::open(), Tables::open());
        for jobs in history {
            let one_by_one: Vec<_> = jobs.chunks(1).flat_map(|job| alone.run(job)).collect();
            prop_assert_eq!(grouped.run(&jobs), one_by_one);
        }
        prop_assert_eq!(grouped, alone);
    }
}

fn order() -> Uuid {
    Uuid::from_u128(9)
}

fn charge(amount: i64) -> Job {
    let account = Uuid::from_u128(ACCOUNTS[0]);
    let transfer = Uuid::now_v7();
    Job::Charge(Charge {
        order: order(),
        account,
        amount,
        transfer,
    })
}

fn refund(kind: Kind) -> Job {
    let id = if let Kind::Partial(_) = kind {
        Uuid::now_v7()
    } else {
        order()
    };
    Job::Refund(Refund {
        id,
        order: order(),
        kind,
        transfer: Uuid::now_v7(),
    })
}

fn rich() -> Tables {
    let mut tables = Tables::open();
    tables.balances.insert(Uuid::from_u128(ACCOUNTS[0]), 100);
    tables
}

fn given_back(outcome: &Outcome) -> i64 {
    match outcome {
        Outcome::Refund(Ok(refunded)) => refunded.amount,
        other => panic!("not given back: {other:?}"),
    }
}

#[test]
fn a_charge_that_comes_after_its_compensation_is_declined() {
    let outcomes = rich().run(&[refund(Kind::Compensation), charge(40)]);

    assert_eq!(
        outcomes[1],
        Outcome::Charge(Charged::Declined(Reason::Voided))
    );
}

#[test]
fn a_cancel_gives_back_what_a_part_left() {
    let outcomes = rich().run(&[charge(40), refund(Kind::Partial(15)), refund(Kind::Cancel)]);

    assert_eq!(
        outcomes[1..].iter().map(given_back).collect::<Vec<_>>(),
        [15, 25]
    );
}

#[test]
fn a_part_is_refused_where_a_cancel_stands_or_less_is_left() {
    let over = Outcome::Refund(Err(NoRefund::Over));

    let less = rich().run(&[
        charge(40),
        refund(Kind::Partial(30)),
        refund(Kind::Partial(11)),
    ]);
    let cancelled = rich().run(&[charge(40), refund(Kind::Cancel), refund(Kind::Partial(1))]);

    assert_eq!((&less[2], &cancelled[2]), (&over, &over));
}

#[test]
fn a_part_of_nothing_is_refused() {
    let outcomes = rich().run(&[
        refund(Kind::Partial(1)),
        charge(200),
        refund(Kind::Partial(1)),
    ]);

    let refused = Outcome::Refund(Err(NoRefund::NotCharged));
    assert_eq!((&outcomes[0], &outcomes[2]), (&refused, &refused));
}

#[test]
fn an_order_that_costs_nothing_is_charged_without_a_transfer() {
    let mut tables = rich();

    let outcomes = tables.run(&[charge(0)]);

    assert_eq!(outcomes, [Outcome::Charge(Charged::Done)]);
    assert!(tables.transfers.is_empty());
}

#[test]
fn another_amount_for_a_charged_order_is_refused() {
    let outcomes = rich().run(&[charge(40), charge(41)]);

    assert_eq!(outcomes[1], Outcome::Charge(Charged::Other));
}
