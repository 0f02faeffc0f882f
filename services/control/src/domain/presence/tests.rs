//! Rates, lives, silence, and names that fill no memory.

use super::*;

fn report(requests: u64) -> Report {
    Report {
        instance: "order-1".to_owned(),
        incarnation: "a".to_owned(),
        ready: true,
        requests,
        taken_micros: requests * 2_000,
        cpu_millis: requests,
        ..Report::default()
    }
}

/// Hears of order-1 each half second, ten requests later each time.
fn heard(seconds: u64) -> (Roll, Instant) {
    let (mut roll, begun) = (Roll::default(), Instant::now());
    let mut now = begun;
    for half in 0..=seconds * 2 {
        now = begun + Duration::from_millis(500 * half);
        roll.hear(report(10 * half), now, OffsetDateTime::UNIX_EPOCH);
    }
    (roll, now)
}

#[test]
fn rates_are_those_of_the_last_seconds() {
    let (mut roll, now) = heard(60);
    // A burst within the last second.
    let now = now + Duration::from_secs(1);
    roll.hear(report(1_200 + 100), now, OffsetDateTime::UNIX_EPOCH);

    let pace = roll.find("order-1", now).unwrap().pace;

    assert!((28.0..42.0).contains(&pace.requests_per_second), "{pace:?}");
    assert!((pace.latency_millis - 2.0).abs() < 1e-9, "{pace:?}");
}

#[test]
fn a_burst_at_the_beginning_is_not_taken_for_a_load() {
    let (mut roll, now) = heard(0);
    let now = now + Duration::from_millis(500);
    roll.hear(report(100), now, OffsetDateTime::UNIX_EPOCH);

    let pace = roll.find("order-1", now).unwrap().pace;

    assert!((pace.requests_per_second - 50.0).abs() < 1e-9, "{pace:?}");
}

#[test]
fn what_found_no_room_was_asked_too() {
    let (mut roll, now) = heard(0);
    let later = Report {
        failed: 10,
        shed: 30,
        ..report(100)
    };

    let now = now + Duration::from_secs(2);
    roll.hear(later, now, OffsetDateTime::UNIX_EPOCH);

    let pace = roll.find("order-1", now).unwrap().pace;
    assert_eq!((pace.asked_per_second, pace.shed_per_second), (65.0, 15.0));
    assert_eq!(
        (pace.requests_per_second, pace.answered_per_second),
        (50.0, 45.0)
    );
}

#[test]
fn a_new_life_begins_its_totals_anew() {
    let (mut roll, now) = heard(10);
    let again = Report {
        incarnation: "b".to_owned(),
        ..report(0)
    };

    roll.hear(again, now, OffsetDateTime::UNIX_EPOCH);

    assert_eq!(roll.find("order-1", now).unwrap().pace, Pace::default());
}

#[test]
fn whoever_is_silent_is_shown_so_and_forgotten_later() {
    let (mut roll, now) = heard(10);

    let late = now + SILENT + Duration::from_millis(1);
    assert_eq!(roll.find("order-1", late).unwrap().state, State::Silent);
    let other = Report {
        instance: "order-2".to_owned(),
        ..report(0)
    };
    roll.hear(other, now + FORGOTTEN, OffsetDateTime::UNIX_EPOCH);
    assert!(roll.find("order-1", now + FORGOTTEN).is_none());
}

#[test]
fn whoever_ended_in_order_is_not_missed() {
    let (mut roll, now) = heard(1);
    let last = Report {
        draining: true,
        ..report(20)
    };
    roll.hear(last, now, OffsetDateTime::UNIX_EPOCH);
    assert_eq!(roll.find("order-1", now).unwrap().state, State::Draining);

    let other = Report {
        instance: "order-2".to_owned(),
        ..report(0)
    };
    roll.hear(other, now + LEFT, OffsetDateTime::UNIX_EPOCH);

    assert!(roll.find("order-1", now + LEFT).is_none());
}

#[test]
fn names_fill_no_memory() {
    let (mut roll, now) = (Roll::default(), Instant::now());
    for number in 0..=MOST {
        let stranger = Report {
            instance: number.to_string(),
            ..report(0)
        };
        roll.hear(stranger, now, OffsetDateTime::UNIX_EPOCH);
    }

    assert_eq!(roll.all(now).len(), MOST);
}
