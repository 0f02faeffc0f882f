//! How many instances of a service there are to be, and why.
//!
//! Never fewer than the load that is there needs. A forecast adds to that, and so does having needed more a short while ago;
//! bounds are kept in any case.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::Duration;

use time::OffsetDateTime;

use super::forecast::Standing;

/// How much of what it can do an instance is given, where nothing good is known of what is to come.
pub const ALONE: f64 = 0.65;
/// How much of it, where forecasts have been good: what they foresee needs no reserve.
pub const FORESEEING: f64 = 0.85;
/// For how long what was needed is kept ready.
pub const COOL_DOWN: Duration = Duration::from_mins(5);
/// How far ahead is looked: a new instance is up by then, and the step that holds that moment is over.
pub const LOOK_AHEAD: Duration = Duration::from_mins(5);
/// A forecast asks for at most so many times what the present load needs, ...
const TIMES: u32 = 4;
/// ... or for so many more than that.
const MORE: u32 = 2;

/// What is known of a service at a moment.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When.
    pub now: OffsetDateTime,
    /// Requests a second that are asked of it.
    pub load: f64,
    /// How many of them one instance can answer as it should.
    pub per_instance: f64,
    /// The most that is to be reckoned with soon, where there is a forecast.
    pub ahead: Option<f64>,
    /// What may be built on that.
    pub standing: Standing,
    /// How many there may be.
    pub bounds: RangeInclusive<u32>,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The load that is there.
    Load,
    /// The load that is to come.
    Forecast,
    /// More was needed a short while ago.
    CoolDown,
    /// There are to be that many at least.
    Least,
    /// There may be no more.
    Most,
}

/// How many there are to be, and how that came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// How many.
    pub desired: u32,
    /// What decided.
    pub why: Why,
    /// How many the load needs that is there.
    pub floor: u32,
    /// How many the load needs that is to come.
    pub forecast: Option<u32>,
}

/// Decides, and remembers what was needed of late.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    // What was needed, with falling numbers: what is below a later one decides nothing any more.
    needed: VecDeque<(OffsetDateTime, u32)>,
}

impl Desired {
    /// Goes on from what another one had decided, as if it had been needed then.
    pub fn resumed(desired: u32, now: OffsetDateTime) -> Self {
        Self {
            needed: VecDeque::from([(now, desired)]),
        }
    }

    /// Decides how many there are to be.
    pub fn decide(&mut self, seen: &Seen) -> Decision {
        let (ahead, share) = match seen.standing {
            Standing::Bad => (None, ALONE),
            Standing::Unproven => (seen.ahead, ALONE),
            // What holds no more is no reason to keep less in reserve.
            Standing::Good if seen.ahead.is_none() => (None, ALONE),
            Standing::Good => (seen.ahead, FORESEEING),
        };
        let floor = needed(seen.load, seen.per_instance * share);
        let most = floor.saturating_mul(TIMES).max(floor.saturating_add(MORE));
        let forecast = ahead.map(|ahead| needed(ahead, seen.per_instance * FORESEEING).min(most));
        let now = floor.max(forecast.unwrap_or(0));
        let kept = self.keep(seen.now, now);
        let desired = kept.clamp(*seen.bounds.start(), *seen.bounds.end());
        let why = if desired < kept {
            Why::Most
        } else if desired > kept {
            Why::Least
        } else if kept > now {
            Why::CoolDown
        } else if forecast > Some(floor) {
            Why::Forecast
        } else {
            Why::Load
        };
        Decision {
            desired,
            why,
            floor,
            forecast,
        }
    }

    /// Remembers what is needed now, and tells the most that was of late.
    fn keep(&mut self, now: OffsetDateTime, count: u32) -> u32 {
        while self
            .needed
            .back()
            .is_some_and(|(_, earlier)| *earlier <= count)
        {
            self.needed.pop_back();
        }
        self.needed.push_back((now, count));
        while self
            .needed
            .front()
            .is_some_and(|(at, _)| *at + COOL_DOWN <= now)
        {
            self.needed.pop_front();
        }
        self.needed.front().map_or(count, |(_, most)| *most)
    }
}

impl Why {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Forecast => "forecast",
            Self::CoolDown => "cool_down",
            Self::Least => "least",
            Self::Most => "most",
        }
    }

    /// Reads the word for it.
    pub fn read(word: &str) -> Option<Self> {
        let all = [
            Self::Load,
            Self::Forecast,
            Self::CoolDown,
            Self::Least,
            Self::Most,
        ];
        all.into_iter().find(|why| why.word() == word)
    }
}

/// How many instances a load needs; at least one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cast saturates, and a load is not negative"
)]
fn needed(load: f64, each: f64) -> u32 {
    if each > 0.0 {
        (load / each).ceil().max(1.0) as u32
    } else {
        1
    }
}

#[cfg(test)]
mod tests;
