//! When signing keys come and go.

use std::time::Duration;

use time::OffsetDateTime;

/// How long a key is published before it signs: many times what a gateway takes to ask for keys again.
pub const LEAD: Duration = auth::KEYS_EVERY.saturating_mul(10);
/// How long a key is published after the next one began to sign: all that it signed has expired by then.
pub const TRAIL: Duration = auth::ACCESS_LIFE.saturating_mul(2);

/// From when each of the published keys signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The moment now, by the clock that made the others.
    pub now: OffsetDateTime,
    /// When the newest key signs from; nothing without keys.
    pub newest: Option<OffsetDateTime>,
}

/// From when a key that should be made now is to sign; nothing when none is needed yet. A key signs for `life`.
pub fn next(times: Times, life: Duration) -> Option<OffsetDateTime> {
    let Some(newest) = times.newest else {
        return Some(times.now); // The very first: nobody can be waiting for it.
    };
    let due = newest + life.max(LEAD);
    (times.now + LEAD >= due).then(|| due.max(times.now + LEAD))
}

/// The key that signs at `now`, of keys that sign from the given moments.
pub fn signs<T>(
    keys: &[T],
    now: OffsetDateTime,
    from: impl Fn(&T) -> OffsetDateTime,
) -> Option<&T> {
    let active = keys.iter().filter(|key| from(key) <= now);
    active.max_by_key(|key| from(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const START: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);
    const LIFE: Duration = Duration::from_hours(24);

    fn at(now: OffsetDateTime, newest: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
        next(Times { now, newest }, LIFE)
    }

    #[test]
    fn the_very_first_key_signs_at_once() {
        assert_eq!(at(START, None), Some(START));
    }

    #[test]
    fn the_next_key_is_published_before_its_time() {
        assert_eq!(at(START, Some(START)), None);
        assert_eq!(at(START + LIFE - LEAD, Some(START)), Some(START + LIFE));
    }

    #[test]
    fn after_a_long_sleep_the_next_key_is_still_published_before_it_signs() {
        let late = START + LIFE * 3;

        assert_eq!(at(late, Some(START)), Some(late + LEAD));
    }

    proptest! {
        #[test]
        fn every_key_but_the_first_is_published_one_lead_before_it_signs(steps in prop::collection::vec(0_u64..200_000, 1..60)) {
            let (mut now, mut keys) = (START, vec![(START, START)]);
            for step in steps {
                now += Duration::from_secs(step);
                let newest = keys.iter().map(|(_, from)| *from).max();
                if let Some(from) = at(now, newest) {
                    prop_assert!(from - now >= LEAD);
                    keys.push((now, from));
                }
                prop_assert!(signs(&keys, now, |(_, from)| *from).is_some_and(|(made, _)| *made <= now));
            }
        }
    }
}
