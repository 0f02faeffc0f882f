//! Who gets a lock, and when.

use super::*;

const TTL: Duration = Duration::from_secs(10);

fn at(second: u64) -> Moment {
    Moment {
        now: OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_000 + second),
        timeline: 1,
        began_at: OffsetDateTime::UNIX_EPOCH,
    }
}

fn asked(owner: &str, mode: Mode) -> Asked {
    Asked {
        name: Name::new("one").unwrap(),
        owner: Owner::new(owner).unwrap(),
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, owner.as_bytes()),
        attempt: Uuid::from_u128(1),
        instance: Uuid::from_u128(2),
        mode,
        ttl: TTL,
        wait: Duration::from_mins(1),
        max_hold: None,
    }
}

fn holders(lock: &Lock) -> Vec<&str> {
    let held = lock.claims.iter().filter(|claim| claim.lease.is_some());
    held.map(|claim| claim.owner.as_str()).collect()
}

fn lock(wanted: &[(&str, Mode)]) -> Lock {
    let mut lock = Lock::default();
    for (owner, mode) in wanted {
        lock.ask(&asked(owner, *mode), &at(0)).unwrap();
    }
    lock.pass_on(&at(0));
    lock
}

#[test]
fn a_shared_request_behind_a_waiting_exclusive_one_waits() {
    let wanted = [
        ("a", Mode::Shared),
        ("b", Mode::Shared),
        ("c", Mode::Exclusive),
        ("d", Mode::Shared),
    ];
    let mut lock = lock(&wanted);
    assert_eq!(holders(&lock), ["a", "b"]);

    for owner in ["a", "b"] {
        let id = lock.of(owner).unwrap().id;
        lock.release(owner, id).unwrap();
        lock.pass_on(&at(1));
    }

    assert_eq!(holders(&lock), ["c"]);
}

#[test]
fn a_lease_of_an_older_timeline_lasts_one_ttl_from_the_promotion() {
    let mut lock = lock(&[("a", Mode::Exclusive), ("b", Mode::Exclusive)]);
    let promoted = |second| Moment {
        timeline: 2,
        began_at: at(100).now,
        ..at(second)
    };

    lock.claims[1].waits_until = at(200).now;
    lock.claims[1].alive_until = Some(at(200).now);
    lock.tidy(&promoted(109));
    lock.pass_on(&promoted(109));
    assert_eq!(holders(&lock), ["a"]);
    lock.tidy(&promoted(110));
    lock.pass_on(&promoted(110));

    assert_eq!(holders(&lock), ["b"]);
}

#[test]
fn who_was_renewed_on_the_new_timeline_is_counted_by_it() {
    let mut lock = lock(&[("a", Mode::Exclusive)]);
    let id = lock.claims[0].id;
    let promoted = |second| Moment {
        timeline: 2,
        began_at: at(5).now,
        ..at(second)
    };

    assert!(lock.renew("a", id, &promoted(8)));

    lock.tidy(&promoted(17));
    assert_eq!(holders(&lock), ["a"]);
    lock.tidy(&promoted(18));
    assert_eq!((lock.claims.len(), lock.expired), (0, 1));
}

#[test]
fn a_request_sent_again_keeps_its_place_and_another_one_of_its_owner_does_not_get_in() {
    let mut lock = lock(&[
        ("a", Mode::Exclusive),
        ("b", Mode::Exclusive),
        ("c", Mode::Exclusive),
    ]);
    let again = Asked {
        attempt: Uuid::from_u128(9),
        ..asked("b", Mode::Exclusive)
    };
    let other = Asked {
        id: Uuid::from_u128(7),
        ..asked("b", Mode::Exclusive)
    };

    assert_eq!(lock.ask(&again, &at(1)), Ok(()));
    assert_eq!(lock.ask(&other, &at(1)), Err(Refusal::Waits));

    assert_eq!(lock.claims[1].attempt, Uuid::from_u128(9));
    assert_eq!(lock.leave("b", Uuid::from_u128(1), true), None);
    assert_eq!(lock.claims.len(), 3);
}

#[test]
fn an_owner_that_has_it_does_not_get_it_in_the_other_mode() {
    let mut lock = lock(&[("a", Mode::Shared)]);

    let again = lock.ask(&asked("a", Mode::Exclusive), &at(1));

    assert_eq!(again, Err(Refusal::Mode));
}
