//! The load of a service, step by step, without gaps.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

/// How long a step is.
pub const STEP: Duration = Duration::from_mins(5);
/// How many steps a day has.
pub const DAY: usize = 288;
/// How many steps a week has.
pub const WEEK: usize = 7 * DAY;
/// How many steps are looked back: four weeks.
pub const MOST: usize = 4 * WEEK;

/// The number of the step in which `at` is, counted since 1970.
pub fn step_of(at: OffsetDateTime) -> i64 {
    at.unix_timestamp().div_euclid(STEP.as_secs().cast_signed())
}

/// When a step begins.
pub fn begin_of(step: i64) -> OffsetDateTime {
    let begun = step.saturating_mul(STEP.as_secs().cast_signed());
    OffsetDateTime::from_unix_timestamp(begun).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The load of a service, step by step.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The step of the first value.
    pub first: i64,
    /// Requests a second, a value for each step.
    pub load: Vec<f64>,
    /// How many of them were seen; the others stand in for steps in which nobody looked.
    pub seen: usize,
}

impl History {
    /// Puts together what was seen, up to the last step of it. Where nobody looked, the load was as one day before, or else as
    /// in the step before.
    pub fn of(seen: &BTreeMap<i64, f64>) -> Self {
        let (Some((&oldest, _)), Some((&last, _))) =
            (seen.first_key_value(), seen.last_key_value())
        else {
            return Self {
                first: 0,
                load: Vec::new(),
                seen: 0,
            };
        };
        let first = oldest.max(last - i64::try_from(MOST).unwrap_or(i64::MAX) + 1);
        let mut load: Vec<f64> = Vec::new();
        for step in first..=last {
            let day_before = load.len().checked_sub(DAY).map(|at| load[at]);
            let stand_in = day_before.or(load.last().copied()).unwrap_or(0.0);
            load.push(seen.get(&step).copied().unwrap_or(stand_in));
        }
        let seen = seen.range(first..).count();
        Self { first, load, seen }
    }

    /// The step after the last one.
    pub fn next(&self) -> i64 {
        self.first + i64::try_from(self.load.len()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_looked_it_was_as_a_day_before_or_as_just_now() {
        let day = i64::try_from(DAY).unwrap();
        let seen = BTreeMap::from([(0, 5.0), (1, 7.0), (3, 8.0), (day + 2, 9.0)]);

        let history = History::of(&seen);

        assert_eq!(history.load[..4], [5.0, 7.0, 7.0, 8.0]);
        assert_eq!(history.load[DAY..], [5.0, 7.0, 9.0]);
        assert_eq!((history.next(), history.seen), (day + 3, 4));
    }

    #[test]
    fn no_more_than_four_weeks_are_looked_back() {
        let most = i64::try_from(MOST).unwrap();
        let seen: BTreeMap<i64, f64> = (0..most + 10).map(|step| (step, 1.0)).collect();

        let history = History::of(&seen);

        assert_eq!((history.first, history.load.len()), (10, MOST));
    }

    #[test]
    fn a_step_begins_where_it_is_counted() {
        let at = OffsetDateTime::from_unix_timestamp(1_000_000_123).unwrap();

        let step = step_of(at);

        assert!(begin_of(step) <= at && at < begin_of(step + 1));
    }
}
