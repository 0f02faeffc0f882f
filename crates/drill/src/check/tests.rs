//! Each kind of wrong is planted into a made-up history, and found.

use tokio::time::Instant;

use super::*;
use crate::Line;

const ANN: Uuid = Uuid::from_u128(1);
const MUG: Uuid = Uuid::from_u128(2);
const FIRST: Uuid = Uuid::from_u128(3);
const SECOND: Uuid = Uuid::from_u128(4);

fn sending(key: &str, heard: Heard) -> Sending {
    let wish = Wish {
        customer: ANN,
        key: key.to_owned(),
        lines: vec![Line {
            product: MUG,
            quantity: 2,
            price: 10,
        }],
        cart: None,
    };
    let now = Instant::now();
    Sending {
        wish: wish.into(),
        began: now,
        ended: now,
        heard,
    }
}

fn taken(id: Uuid, status: &str) -> Heard {
    Heard::Taken {
        id,
        status: status.to_owned(),
        total: 20,
    }
}

fn sold_out() -> Heard {
    Heard::Refused("409: insufficient_stock".to_owned())
}

fn no_answer() -> Heard {
    Heard::Unknown("no answer".to_owned())
}

fn stored(id: Uuid, key: Option<&str>, status: &str) -> Stored {
    Stored {
        id,
        customer: ANN,
        key: key.map(str::to_owned),
        status: status.to_owned(),
        total: 20,
        products: vec![MUG],
        quantities: vec![2],
    }
}

#[test]
fn an_order_that_was_sent_until_it_was_known_and_is_stored_once_is_fine() {
    let sent = [
        sending("k", no_answer()),
        sending("k", Heard::NotTaken(503)),
        sending("k", taken(FIRST, "pending")),
        sending("k", taken(FIRST, "confirmed")),
    ];

    let findings = check(&sent, &[], &[stored(FIRST, Some("k"), "confirmed")]);

    assert_eq!(findings.all(), Vec::<&str>::new());
}

#[test]
fn an_acknowledged_order_that_is_not_stored_is_lost() {
    let findings = check(&[sending("k", taken(FIRST, "confirmed"))], &[], &[]);

    assert_eq!((findings.lost.len(), findings.all().len()), (1, 1));
}

#[test]
fn a_key_that_was_told_of_two_orders_is_doubled() {
    let sent = [
        sending("k", taken(FIRST, "confirmed")),
        sending("k", taken(SECOND, "confirmed")),
    ];
    let both = [
        stored(FIRST, Some("k"), "confirmed"),
        stored(SECOND, Some("k"), "confirmed"),
    ];

    assert_eq!(check(&sent, &[], &both).doubled.len(), 1);
    assert_eq!(check(&sent[..1], &[], &both).doubled.len(), 1);
}

#[test]
fn an_order_under_a_key_that_nobody_sent_is_doubled() {
    let sent = [sending("k", taken(FIRST, "confirmed"))];
    for key in [None, Some("other")] {
        let both = [
            stored(FIRST, Some("k"), "confirmed"),
            stored(SECOND, key, "confirmed"),
        ];

        let findings = check(&sent, &[], &both);

        assert_eq!(
            (findings.doubled.len(), findings.all().len()),
            (1, 1),
            "{key:?}"
        );
    }
}

#[test]
fn an_order_that_is_not_as_it_was_wished_or_told_is_changed() {
    let sent = [sending("k", taken(FIRST, "confirmed"))];
    let fine = stored(FIRST, Some("k"), "confirmed");
    let planted = [
        Stored {
            quantities: vec![1],
            ..fine.clone()
        },
        Stored {
            products: vec![ANN],
            ..fine.clone()
        },
        Stored {
            total: 19,
            ..fine.clone()
        },
        Stored {
            status: "rejected".to_owned(),
            ..fine.clone()
        },
        Stored {
            status: "pending".to_owned(),
            ..fine
        },
    ];
    for order in planted {
        let findings = check(&sent, &[], std::slice::from_ref(&order));

        assert_eq!(
            (findings.changed.len(), findings.all().len()),
            (1, 1),
            "{order:?}"
        );
    }
}

#[test]
fn an_order_that_is_refused_or_stays_unknown_is_told() {
    let refused = check(&[sending("k", Heard::Refused("409".to_owned()))], &[], &[]);
    let unknown = check(&[sending("k", no_answer())], &[], &[]);

    assert_eq!((refused.refused.len(), refused.all().len()), (1, 1));
    assert_eq!((unknown.unresolved.len(), unknown.all().len()), (1, 1));
}

#[test]
fn an_order_that_is_acknowledged_and_given_up_is_refused() {
    let sent = [sending("k", taken(FIRST, "pending"))];

    let findings = check(&sent, &[], &[stored(FIRST, Some("k"), "rejected")]);

    assert_eq!((findings.refused.len(), findings.all().len()), (1, 1));
}

#[test]
fn an_order_that_is_refused_and_bought_is_changed() {
    let sent = [sending("k", sold_out())];

    let bought = check(&sent, &[], &[stored(FIRST, Some("k"), "confirmed")]);
    let rejected = check(&sent, &[], &[stored(FIRST, Some("k"), "rejected")]);

    assert_eq!((bought.changed.len(), bought.refused.len()), (1, 1));
    assert_eq!((rejected.changed.len(), rejected.refused.len()), (0, 1));
}

#[test]
fn who_comes_too_late_for_the_last_one_is_forgiven() {
    let sent = [sending("k", no_answer()), sending("k", sold_out())];
    let mut findings = check(&sent, &[], &[]);

    // They wanted two.
    findings.forgive(&sent, MUG, 1);

    assert_eq!(findings.all(), Vec::<&str>::new());
}

#[test]
fn a_refusal_that_the_books_or_another_answer_belie_is_not_forgiven() {
    let late = [sending("k", sold_out())];
    let both = [
        sending("k", taken(FIRST, "confirmed")),
        sending("k", sold_out()),
    ];
    let poor = [sending(
        "k",
        Heard::Refused("409: insufficient_funds".to_owned()),
    )];
    let none: &[Stored] = &[];
    let kept: &[Stored] = &[stored(FIRST, Some("k"), "confirmed")];
    for (sent, kept, product, left) in [
        (&late[..], none, MUG, 2),
        (&late[..], none, ANN, 0),
        (&both[..], kept, MUG, 0),
        (&poor[..], none, MUG, 0),
    ] {
        let mut findings = check(sent, &[], kept);

        findings.forgive(sent, product, left);

        assert_eq!(findings.refused.len(), 1, "{sent:?}");
    }
}

#[test]
fn who_is_refused_what_is_theirs_is_told_with_the_answer() {
    let refused = RefusedRead {
        id: FIRST,
        customer: ANN,
        said: "403 Forbidden".to_owned(),
        at: Instant::now(),
    };
    let mut findings = Findings::default();

    findings.add_refused(&[refused]);

    assert!(findings.all()[0].ends_with("403 Forbidden"));
}

#[test]
fn an_order_of_which_only_503_was_heard_is_unserved_and_may_not_be_stored() {
    let sent = [sending("k", Heard::NotTaken(503))];

    let unserved = check(&sent, &[], &[]);
    let kept = check(&sent, &[], &[stored(FIRST, Some("k"), "confirmed")]);

    assert_eq!((unserved.unserved.len(), unserved.all().len()), (1, 1));
    assert_eq!((kept.changed.len(), kept.all().len()), (1, 1));
}

#[test]
fn a_read_of_an_own_order_that_is_older_than_what_was_told_is_stale() {
    let read = |told: &str, found: Option<&str>| OwnRead {
        id: FIRST,
        told: told.to_owned(),
        found: found.map(str::to_owned),
        again: false,
        at: Instant::now(),
    };
    let fine = [
        read("pending", Some("pending")),
        read("pending", Some("confirmed")),
        read("confirmed", Some("confirmed")),
    ];
    let old = [
        read("pending", None),
        read("confirmed", None),
        read("confirmed", Some("pending")),
    ];

    assert_eq!(check(&[], &fine, &[]).stale, Vec::<String>::new());
    assert_eq!(check(&[], &old, &[]).stale.len(), 3);
    let again = old.map(|read| OwnRead {
        again: true,
        ..read
    });
    let findings = check(&[], &again, &[]);
    assert_eq!((findings.backwards.len(), findings.stale.len()), (3, 0));
}
