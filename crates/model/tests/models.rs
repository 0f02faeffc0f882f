//! Every model holds, reaches what it should, and finds what is planted.

use std::fmt::Debug;
use std::hash::Hash;

use model::check::{self, Checked};
use model::lock::Locking;
use model::payments::{Asked, Payments};
use model::placing::Placing;
use model::routing::Routing;
use model::{lock, payments, placing, routing};
use stateright::Model;
use user::domain::wallet::Kind;

const PLACING: Placing = Placing {
    claims: 3,
    bug: None,
};

const LOCKING: Locking = Locking {
    clients: 2,
    ticks: 6,
    promotions: 1,
    ahead: 2,
    bug: None,
};

const OWN: &str = "nobody is shown less than they have written and read";

const ROUTING: Routing = Routing {
    nodes: 2,
    writes: 2,
    promotions: 1,
    patient: false,
    unreadable: true,
    ahead_counts: false,
    bug: None,
};

fn payments(bug: Option<payments::Bug>) -> Payments {
    let asked = vec![
        Asked::Charge,
        Asked::Charge,
        Asked::Refund(1, Kind::Compensation),
        Asked::Refund(2, Kind::Partial(2)),
    ];
    Payments { asked, bug }
}

#[allow(clippy::print_stdout, reason = "these are the figures")]
fn told(what: &str, checked: &Checked) {
    println!("{what}: {checked}");
}

/// Every invariant of `model` holds, and what should be possible is.
fn holds<M>(what: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Debug + Clone + PartialEq + Send + Sync + 'static,
    M::Action: Debug + Clone + PartialEq + Send + Sync + 'static,
{
    let checked = check::all(model);

    told(what, &checked);
    assert!(checked.broken.is_empty() && checked.unreached.is_empty());
}

/// In `model`, of which the rule of this name is broken, `invariant` breaks.
fn finds<M>(what: &str, model: M, invariant: &str)
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Debug + Clone + PartialEq + Send + Sync + 'static,
    M::Action: Debug + Clone + PartialEq + Send + Sync + 'static,
{
    let checked = check::until_broken(model);

    told(what, &checked);
    assert!(checked.way(invariant).is_some(), "{what}: {invariant}");
}

#[test]
fn an_order_is_placed_once_and_paid_or_not_at_all() {
    holds("placing", PLACING);
}

#[test]
fn what_is_planted_into_the_placing_of_orders_is_found() {
    use placing::Bug;
    let planted = |bug| Placing {
        bug: Some(bug),
        ..PLACING
    };
    for (bug, invariant) in [
        (Bug::KeyNotUnique, "one key, one order"),
        (
            Bug::ChargeIgnoresVoid,
            "a rejected order costs nothing, now and later",
        ),
        (
            Bug::ConfirmWithoutLease,
            "a confirmed order is paid, and its units are sold",
        ),
        (
            Bug::UndoBeforeDecision,
            "once nothing fails any more, it settles",
        ),
    ] {
        finds(&format!("placing, {bug:?}"), planted(bug), invariant);
    }
}

#[test]
fn charge_and_refund_of_an_order_meet_in_one_row() {
    holds("payments", payments(None));
}

#[test]
fn what_is_planted_into_payments_is_found() {
    use payments::Bug;
    for (bug, invariant) in [
        (
            Bug::RefundWithoutVoid,
            "an order that was undone is not charged at the end",
        ),
        (Bug::ChargeTrustsConflict, "what was answered stays so"),
        (Bug::NoRowLock, "money is conserved"),
    ] {
        finds(
            &format!("payments, {bug:?}"),
            payments(Some(bug)),
            invariant,
        );
    }
}

#[test]
fn one_holds_the_lock_and_who_overstays_it_is_fenced_off() {
    holds("lock", LOCKING);
}

#[test]
fn what_is_planted_into_the_lock_is_found() {
    use lock::Bug;
    let planted = |bug| Locking {
        bug: Some(bug),
        ..LOCKING
    };
    for (bug, invariant) in [
        (Bug::NoFence, "every write rests on the one before it"),
        (
            Bug::ReadBeforeShow,
            "every write rests on the one before it",
        ),
        (Bug::NoEra, "one guard at most says that it holds the lock"),
        (
            Bug::FromAnswer,
            "one guard at most says that it holds the lock",
        ),
    ] {
        finds(&format!("lock, {bug:?}"), planted(bug), invariant);
    }
}

#[test]
#[ignore = "millions of states: make model"]
fn the_lock_holds_for_longer_too() {
    holds(
        "lock, for longer",
        Locking {
            ticks: 8,
            ..LOCKING
        },
    );
}

#[test]
fn whoever_carries_a_token_is_never_shown_less_than_they_have_written_and_read() {
    holds("routing", ROUTING);
}

#[test]
fn what_is_planted_into_routing_is_found() {
    use routing::Bug;
    for bug in [
        Bug::TimelineNotCompared,
        Bug::EntryAtEqualPosition,
        Bug::TokenBeforeCommit,
        Bug::ReadsRaiseNothing,
    ] {
        let planted = Routing {
            bug: Some(bug),
            ..ROUTING
        };
        finds(&format!("routing, {bug:?}"), planted, OWN);
    }
    // These take a standby that neither was promoted nor is waited for.
    for bug in [Bug::StandbyByPosition, Bug::EntryByOrder] {
        let planted = Routing {
            nodes: 3,
            patient: true,
            unreadable: false,
            bug: Some(bug),
            ..ROUTING
        };
        finds(&format!("routing, {bug:?}"), planted, OWN);
    }
    let planted = Routing {
        bug: Some(Bug::AnybodyServesNonsense),
        ..ROUTING
    };
    let alone = "what cannot be compared is served by a primary alone";
    finds("routing, AnybodyServesNonsense", planted, alone);
}

/// As `docs/limits.md` has it.
#[test]
fn what_a_standby_shows_before_the_primary_does_may_be_taken_back() {
    let ahead = Routing {
        ahead_counts: true,
        ..ROUTING
    };

    finds("routing, a standby ahead of its primary", ahead, OWN);
}
