//! What was decided last of a service, and for how long it holds.

use std::ops::RangeInclusive;
use std::time::Duration;

use time::OffsetDateTime;

use super::desired::{Decision, Why};

/// For how long a decision holds when nobody looks any more: longer than it takes until another instance decides.
pub const HOLDS: Duration = Duration::from_mins(2);

/// What was decided last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// How many, and why.
    pub decision: Decision,
    /// When another number was decided on.
    pub decided_at: OffsetDateTime,
    /// Until when it holds.
    pub valid_until: OffsetDateTime,
}

/// How many there are to be at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// How many.
    pub count: u32,
    /// What decided.
    pub why: Why,
    /// Whether nobody has looked for a while: then it is what the load needed when somebody did, and nothing beyond.
    pub expired: bool,
}

impl Decided {
    /// How many there are to be now. What operators allow is kept to, also where nobody has decided since they said it.
    pub fn stands(&self, now: OffsetDateTime, bounds: &RangeInclusive<u32>) -> Stands {
        let expired = self.valid_until <= now;
        let (wanted, why) = if expired {
            (self.decision.floor, Why::Load)
        } else {
            (self.decision.desired, self.decision.why)
        };
        let count = wanted.clamp(*bounds.start(), *bounds.end());
        let why = match count.cmp(&wanted) {
            std::cmp::Ordering::Less => Why::Most,
            std::cmp::Ordering::Equal => why,
            std::cmp::Ordering::Greater => Why::Least,
        };
        Stands {
            count,
            why,
            expired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn decided() -> Decided {
        Decided {
            decision: Decision {
                desired: 6,
                why: Why::Forecast,
                floor: 3,
                forecast: Some(6),
            },
            decided_at: NOW,
            valid_until: NOW + HOLDS,
        }
    }

    fn stands(after: Duration, bounds: RangeInclusive<u32>) -> (u32, Why, bool) {
        let stands = decided().stands(NOW + after, &bounds);
        (stands.count, stands.why, stands.expired)
    }

    #[test]
    fn it_holds_for_a_while_and_then_the_floor_stands() {
        let before = HOLDS.saturating_sub(Duration::from_millis(1));
        assert_eq!(stands(before, 1..=8), (6, Why::Forecast, false));

        assert_eq!(stands(HOLDS, 1..=8), (3, Why::Load, true));
    }

    #[test]
    fn bounds_are_kept_to_whatever_was_decided() {
        assert_eq!(stands(Duration::ZERO, 1..=4), (4, Why::Most, false));
        assert_eq!(stands(Duration::ZERO, 7..=8), (7, Why::Least, false));
        assert_eq!(stands(HOLDS, 4..=8), (4, Why::Least, true));
    }
}
