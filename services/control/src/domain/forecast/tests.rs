//! Forecasts of loads whose future is known.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use super::*;

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}

/// A load that swings once a day between 50 and 150, half as much again on one day of seven.
fn shape(step: i64) -> f64 {
    let part = |of: usize| f64::from(i32::try_from(step.rem_euclid(number(of))).unwrap());
    let day = 100.0 - 50.0 * (TAU * part(DAY) / 288.0).cos();
    let seventh = part(WEEK) >= 6.0 * 288.0;
    if seventh { 1.5 * day } else { day }
}

fn seen(steps: usize, load: impl Fn(i64) -> f64) -> History {
    let seen: BTreeMap<i64, f64> = (0..number(steps)).map(|step| (step, load(step))).collect();
    History::of(&seen)
}

fn made(history: &History) -> Forecast {
    Forecast::make(history, begin_of(history.next())).unwrap()
}

#[test]
fn a_day_that_repeats_is_carried_on() {
    // Up to 8 in the morning, when it rises.
    let history = seen(5 * DAY + 96, shape);

    let forecast = made(&history);

    assert_eq!(forecast.points.len(), HORIZON);
    for point in &forecast.points {
        let came = shape(point.step);
        assert!(
            (point.expected - came).abs() < 0.03 * came,
            "{point:?} {came}"
        );
        assert!(point.lower <= point.expected && point.expected <= point.upper);
    }
    assert_eq!(forecast.model, "MSTL(day) + SES of the logarithm");
}

#[test]
fn a_day_of_the_week_that_differs_is_known_before() {
    // The last minute before the seventh day of the fourth week.
    let history = seen(3 * WEEK + 6 * DAY, shape);

    let forecast = made(&history);

    assert_eq!(forecast.model, "MSTL(day, week) + SES of the logarithm");
    for point in &forecast.points {
        let came = shape(point.step);
        assert!(
            (point.expected - came).abs() < 0.2 * came,
            "{point:?} {came}"
        );
    }
}

#[test]
fn a_day_that_is_busier_than_others_is_carried_on_busier() {
    let today = number(5 * DAY);
    let load = |step| {
        if step < today {
            shape(step)
        } else {
            1.3 * shape(step)
        }
    };
    let history = seen(5 * DAY + 96, load);

    for point in &made(&history).points {
        let came = load(point.step);
        assert!(
            (point.expected - came).abs() < 0.08 * came,
            "{point:?} {came}"
        );
    }
}

#[test]
fn of_too_little_nothing_is_said() {
    let at = OffsetDateTime::UNIX_EPOCH;
    assert_eq!(
        Forecast::make(&seen(2 * DAY - 1, shape), at),
        Err(None::TooShort)
    );
    let thin = History {
        seen: DAY,
        ..seen(3 * DAY, shape)
    };
    assert_eq!(Forecast::make(&thin, at), Err(None::TooThin));
}

#[test]
fn a_service_that_is_never_asked_is_expected_to_rest() {
    let forecast = made(&seen(3 * DAY, |_| 0.0));

    assert!(forecast.points.iter().all(|point| point.upper == 0.0));
}

#[test]
fn it_holds_for_half_an_hour_and_then_says_nothing() {
    let forecast = made(&seen(5 * DAY + 96, shape));
    let lead = Duration::from_mins(10);

    let now = forecast.made_at;
    let ahead = forecast.ahead(now, lead).unwrap();
    assert!(ahead >= forecast.points[2].upper, "{ahead}");
    assert_eq!(forecast.ahead(now + HOLDS, lead), Option::None);
    assert_eq!(
        forecast.ahead(now - Duration::from_secs(1), lead),
        Option::None
    );
}

#[test]
fn no_bound_is_far_beyond_what_ever_came() {
    // It doubles with each step of the last hour.
    let begun = number(3 * DAY - 12);
    let wild = |step: i64| 2_f64.powi(i32::try_from((step - begun).max(0)).unwrap());
    let forecast = made(&seen(3 * DAY, wild));

    assert!(
        forecast
            .points
            .iter()
            .all(|point| point.upper <= 2.0 * wild(number(3 * DAY) - 1))
    );
}

#[test]
fn a_prediction_counts_only_where_it_came_a_step_before() {
    assert_eq!(first_judged(begin_of(10)), 11);
    assert_eq!(first_judged(begin_of(10) + Duration::from_secs(1)), 12);
}
