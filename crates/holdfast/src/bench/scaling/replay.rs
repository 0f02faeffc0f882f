//! Replays a day: the domain of the control service decides, instances start and end, requests wait or are refused.

use std::time::Duration;

use control::domain::desired::{ALONE, Desired, LOOK_AHEAD, Seen};
use control::domain::forecast::{Forecast, Score, Standing, first_judged};
use control::domain::history::{History, STEP, step_of};

use super::day::{BEGINS, Day};

/// How many requests a second one instance answers.
pub(super) const EACH: f64 = 100.0;
/// How long an instance takes from when it is asked for until it answers.
pub(super) const START: u32 = 60;
/// How many there may be.
const BOUNDS: std::ops::RangeInclusive<u32> = 2..=40;
/// How often it is decided, in seconds, by the mean load since.
const EVERY: usize = 5;
/// How often a forecast is made: every third step.
const REMADE: usize = 3;
/// A second in which requests wait longer than this, in seconds, misses the objective.
const OBJECTIVE: f64 = 0.3;
/// So many seconds of work wait at most; the rest is refused.
const QUEUE: f64 = 1.0;

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Policy {
    /// The load that is there, alone.
    Reactive,
    /// That and the forecast.
    Forecast,
    /// The load that is there, alone, with so much of what an instance can do.
    Share(f64),
}

/// What is known of the future at a step: as it would have been known then.
pub(super) struct Foreseen {
    forecast: Option<Forecast>,
    standing: Standing,
}

/// How a day went.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// Seconds in which the objective was missed.
    pub(super) missed: u32,
    /// Requests that were refused.
    pub(super) refused: f64,
    /// Hours of all instances together, from when they were asked for.
    pub(super) hours: f64,
    /// How many answered, second by second.
    pub(super) running: Vec<u32>,
    /// Whether the objective was missed, second by second.
    pub(super) misses: Vec<bool>,
}

/// All that was foreseen in a day, and how far the predictions were from what came.
pub(super) struct Foresight {
    steps: Vec<Foreseen>,
    /// Over the whole day.
    pub(super) score: Score,
}

impl Foresight {
    /// Makes the forecasts of a day, each from what was known by then.
    pub(super) fn of(day: &Day) -> Self {
        let begin = step_of(BEGINS);
        let length = usize::try_from(STEP.as_secs()).unwrap_or(300);
        let count = day.load.len() / length;
        let mut known = day.before.clone();
        // The days before show how good forecasts are: the last one was foreseen from those before it.
        let mut said: Vec<Option<f64>> = vec![None; count + 12];
        let mut pairs: Vec<(f64, f64)> = proven(day);
        let (mut steps, mut current) = (Vec::new(), None);
        for step in 0..count {
            let now = BEGINS + STEP * u32::try_from(step).unwrap_or(0);
            if step % REMADE == 0 {
                current = Forecast::make(&History::of(&known), now).ok();
                for point in current.iter().flat_map(|made: &Forecast| &made.points) {
                    let at = usize::try_from(point.step - begin).unwrap_or(usize::MAX);
                    if point.step >= first_judged(now)
                        && let Some(said) = said.get_mut(at)
                    {
                        *said = Some(point.expected);
                    }
                }
            }
            let last_day = pairs.len().saturating_sub(288);
            steps.push(Foreseen {
                forecast: current.clone(),
                standing: Score::of(pairs[last_day..].iter().copied()).standing(),
            });
            let came = day.mean(step * length);
            pairs.extend(said[step].map(|said| (said, came)));
            known.insert(begin + i64::try_from(step).unwrap_or(0), came);
        }
        let came = said.iter().take(count).enumerate();
        let score =
            Score::of(came.filter_map(|(step, said)| Some(((*said)?, day.mean(step * length)))));
        Self { steps, score }
    }
}

/// What the last hours before the day were foreseen as, and what came.
fn proven(day: &Day) -> Vec<(f64, f64)> {
    let begin = step_of(BEGINS);
    let mut pairs = Vec::new();
    for back in (12..=36).rev().step_by(12) {
        let from = begin - back;
        let known = day.before.range(..from).map(|(step, load)| (*step, *load));
        let history = History::of(&known.collect());
        let made = Forecast::make(&history, BEGINS);
        for point in made.iter().flat_map(|made| &made.points) {
            pairs.extend(
                day.before
                    .get(&point.step)
                    .map(|came| (point.expected, *came)),
            );
        }
    }
    pairs
}

/// Replays `day`.
pub(super) fn replay(day: &Day, foresight: &Foresight, policy: Policy) -> Outcome {
    let mut outcome = Outcome::default();
    let mut desired = Desired::default();
    let length = usize::try_from(STEP.as_secs()).unwrap_or(300);
    let (mut running, mut starting): (u32, Vec<(u32, u32)>) = (*BOUNDS.start(), Vec::new());
    let mut waiting = 0.0;
    for (second, load) in (0_u32..).zip(&day.load) {
        let at = second as usize;
        running += starting
            .extract_if(.., |(ready, _)| *ready <= second)
            .map(|(_, count)| count)
            .sum::<u32>();
        if at.is_multiple_of(EVERY) && at > 0 {
            let lately = &day.load[at - EVERY..at];
            let known = &foresight.steps[at / length];
            let wanted = desired.decide(&seen(second, lately, known, policy)).desired;
            let coming: u32 = starting.iter().map(|(_, count)| count).sum();
            if wanted > running + coming {
                starting.push((second + START, wanted - running - coming));
            }
            // Those that have not begun to answer go first.
            let mut fewer = (running + coming).saturating_sub(wanted);
            while fewer > 0
                && let Some((_, count)) = starting.last_mut()
            {
                let gone = fewer.min(*count);
                (*count, fewer) = (*count - gone, fewer - gone);
                if *count == 0 {
                    starting.pop();
                }
            }
            running -= fewer.min(running);
        }
        let can = f64::from(running) * EACH;
        let work: f64 = waiting + load - can;
        waiting = work.clamp(0.0, QUEUE * can);
        outcome.refused += (work - waiting).max(0.0);
        let missed = waiting / can > OBJECTIVE;
        outcome.missed += u32::from(missed);
        outcome.misses.push(missed);
        outcome.running.push(running);
        let all = running + starting.iter().map(|(_, count)| count).sum::<u32>();
        outcome.hours += f64::from(all) / 3_600.0;
    }
    outcome
}

fn seen(second: u32, lately: &[f64], known: &Foreseen, policy: Policy) -> Seen {
    let now = BEGINS + Duration::from_secs(second.into());
    let load = lately.iter().sum::<f64>() / lately.iter().map(|_| 1.0).sum::<f64>();
    let ahead = known
        .forecast
        .as_ref()
        .and_then(|forecast| forecast.ahead(now, LOOK_AHEAD));
    let alone = Seen {
        now,
        load,
        per_instance: EACH,
        ahead: None,
        standing: Standing::Unproven,
        bounds: BOUNDS,
    };
    match policy {
        Policy::Reactive => alone,
        Policy::Share(share) => Seen {
            // The same rule, with another reserve than its own.
            per_instance: EACH * share / ALONE,
            ..alone
        },
        Policy::Forecast => Seen {
            ahead,
            standing: known.standing,
            ..alone
        },
    }
}
