//! What is decided, and why.

use super::*;

fn seen(load: f64) -> Seen {
    Seen {
        now: OffsetDateTime::UNIX_EPOCH,
        load,
        per_instance: 100.0,
        ahead: None,
        standing: Standing::Unproven,
        bounds: 1..=8,
    }
}

fn at(seconds: u64, seen: Seen) -> Seen {
    Seen {
        now: OffsetDateTime::UNIX_EPOCH + Duration::from_secs(seconds),
        ..seen
    }
}

fn decided(seen: &Seen) -> (u32, Why) {
    let Decision { desired, why, .. } = Desired::default().decide(seen);
    (desired, why)
}

#[test]
fn the_load_that_is_there_needs_its_instances_and_a_reserve() {
    assert_eq!(decided(&seen(300.0)), (5, Why::Load));
    assert_eq!(decided(&seen(0.0)), (1, Why::Load));
}

#[test]
fn a_forecast_adds_what_is_to_come() {
    for standing in [Standing::Unproven, Standing::Good] {
        let ramp = Seen {
            ahead: Some(500.0),
            standing,
            ..seen(200.0)
        };

        assert_eq!(decided(&ramp), (6, Why::Forecast));
    }
}

#[test]
fn a_forecast_of_less_takes_nothing_away() {
    for standing in [Standing::Unproven, Standing::Good, Standing::Bad] {
        for load in [0.0, 10.0, 85.0, 86.0, 500.0] {
            let wrong = Seen {
                ahead: Some(0.0),
                standing,
                ..seen(load)
            };
            let (count, _) = decided(&wrong);
            assert!(
                f64::from(count) * 100.0 * FORESEEING >= load,
                "{wrong:?} {count}"
            );
        }
    }
}

#[test]
fn a_forecast_out_of_all_bounds_asks_for_a_few_times_what_is_there() {
    let wild = Seen {
        ahead: Some(1e9),
        bounds: 1..=100,
        ..seen(300.0)
    };

    assert_eq!(decided(&wild), (20, Why::Forecast));
}

#[test]
fn forecasts_that_were_bad_are_not_followed() {
    let bad = Seen {
        ahead: Some(500.0),
        standing: Standing::Bad,
        ..seen(200.0)
    };

    assert_eq!(decided(&bad), (4, Why::Load));
}

#[test]
fn only_a_good_forecast_that_holds_stands_for_a_reserve() {
    let good = Seen {
        ahead: Some(300.0),
        standing: Standing::Good,
        ..seen(300.0)
    };
    assert_eq!(decided(&good).0, 4);

    let expired = Seen {
        ahead: None,
        ..good
    };
    assert_eq!(decided(&expired).0, 5);
}

#[test]
fn what_was_needed_is_kept_for_a_while() {
    let mut desired = Desired::default();
    desired.decide(&seen(500.0));

    let soon = desired.decide(&at(299, seen(50.0)));
    assert_eq!((soon.desired, soon.why, soon.floor), (8, Why::CoolDown, 1));
    let later = desired.decide(&at(301, seen(50.0)));
    assert_eq!((later.desired, later.why), (1, Why::Load));
}

#[test]
fn a_peak_within_the_while_is_what_is_kept_and_no_longer() {
    let mut desired = Desired::default();
    desired.decide(&seen(100.0));
    desired.decide(&at(100, seen(300.0)));
    desired.decide(&at(200, seen(200.0)));

    assert_eq!(desired.decide(&at(399, seen(10.0))).desired, 5);
    assert_eq!(desired.decide(&at(401, seen(10.0))).desired, 4);
    assert_eq!(desired.decide(&at(501, seen(10.0))).desired, 1);
}

#[test]
fn bounds_are_kept_whatever_is_needed() {
    let wide = Seen {
        bounds: 2..=4,
        ..seen(2_000.0)
    };
    assert_eq!(decided(&wide), (4, Why::Most));

    let idle = Seen { load: 0.0, ..wide };
    assert_eq!(decided(&idle), (2, Why::Least));
}

#[test]
fn another_leader_goes_on_from_what_was_decided() {
    let mut desired = Desired::resumed(6, OffsetDateTime::UNIX_EPOCH);

    assert_eq!(desired.decide(&at(1, seen(10.0))).desired, 6);
    assert_eq!(desired.decide(&at(300, seen(10.0))).desired, 1);
}
