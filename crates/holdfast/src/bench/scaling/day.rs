//! A day of a shop: the requests of each second, and of the days before it.

use std::collections::BTreeMap;

use control::domain::history::{STEP, step_of};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use time::OffsetDateTime;
use time::macros::datetime;

/// When the replayed day begins.
pub(super) const BEGINS: OffsetDateTime = datetime!(2026-03-20 00:00 UTC);
/// How many days before it are known.
const BEFORE: i64 = 14;
/// All chance comes from this number: each replay is the same.
const SEED: u64 = 20_260_320;
/// A minute differs from the minute of another day by this share at most, ...
const MINUTE: f64 = 0.06;
/// ... a whole day from another by this, ...
const WHOLE: f64 = 0.08;
/// ... and it comes earlier or later by so many minutes.
const SHIFT: f64 = 2.0;

/// A day, and what was known before it began.
pub(super) struct Day {
    /// Requests a second, for each second of the day.
    pub(super) load: Vec<f64>,
    /// The load of the days before, by their steps.
    pub(super) before: BTreeMap<i64, f64>,
}

/// What a day has that others have not.
struct Mood {
    share: f64,
    shift: f64,
}

impl Day {
    /// The day that is replayed: with a flash crowd that no day before had.
    pub(super) fn replayed() -> Self {
        let mut chance = StdRng::seed_from_u64(SEED);
        let mut before = BTreeMap::new();
        for day in (1..=BEFORE).rev() {
            let begins = step_of(BEGINS - time::Duration::days(day));
            let load = minutes(&mut chance, |_| 1.0);
            for (step, minutes) in (begins..).zip(load.chunks(5)) {
                before.insert(step, minutes.iter().sum::<f64>() / 5.0);
            }
        }
        let minutes = minutes(&mut chance, flash);
        let seconds = minutes.iter().flat_map(|load| [*load; 60]);
        // Customers come one by one: a second has a few more or less than its minute.
        let load = seconds.map(|load| {
            let spread = load.sqrt() * 3_f64.sqrt();
            (load + spread * chance.random_range(-1.0..1.0)).max(0.0)
        });
        Self {
            load: load.collect(),
            before,
        }
    }

    /// The mean load of the step that begins at this second.
    pub(super) fn mean(&self, second: usize) -> f64 {
        let length = usize::try_from(STEP.as_secs()).unwrap_or(300);
        let step = self.load.iter().skip(second).take(length);
        let (sum, count) = step.fold((0.0, 0.0), |(sum, count), load| (sum + load, count + 1.0));
        sum / f64::max(count, 1.0)
    }
}

/// The load of each minute of a day.
fn minutes(chance: &mut StdRng, beside: impl Fn(f64) -> f64) -> Vec<f64> {
    let mood = Mood {
        share: 1.0 + chance.random_range(-WHOLE..WHOLE),
        shift: chance.random_range(-SHIFT..SHIFT),
    };
    let minutes = (0..1_440_u32).map(|minute| {
        let minute = f64::from(minute);
        let noise = 1.0 + chance.random_range(-MINUTE..MINUTE);
        usual(minute - mood.shift) * mood.share * noise * beside(minute)
    });
    minutes.collect()
}

/// The usual load of a minute, in requests a second: the night, a morning ramp at 8 when the newsletter goes out, a lunch peak from
/// 12 to 13:30, an evening from 19 to 22.
fn usual(minute: f64) -> f64 {
    let morning = 640.0 * rise(minute, 480.0, 490.0);
    let lunch = 800.0 * (rise(minute, 718.0, 728.0) - rise(minute, 800.0, 830.0));
    let evening = 300.0 * (rise(minute, 1_120.0, 1_150.0) - rise(minute, 1_290.0, 1_400.0));
    let night = 640.0 * rise(minute, 1_290.0, 1_400.0);
    120.0 + morning + lunch + evening - night
}

/// A flash crowd: two and a half times the load within two minutes, from 15:40 to 15:55.
fn flash(minute: f64) -> f64 {
    1.0 + 1.5 * (rise(minute, 940.0, 942.0) - rise(minute, 952.0, 960.0))
}

/// 0 before `from`, 1 after `to`, smooth between them.
fn rise(minute: f64, from: f64, to: f64) -> f64 {
    let part = ((minute - from) / (to - from)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}
