//! What load is to come: the seasons of what came so far, carried on.
//!
//! A day, and a week where there is enough of it, are found in the logarithm of the load by `augurs` (MSTL: seasons and trend,
//! smoothed by LOESS); what is left of it is followed by exponential smoothing ([`level`]).

mod level;
mod score;

use std::time::Duration;

use augurs_core::{Fit as _, Predict as _};
use augurs_mstl::{MSTLModel, stlrs};
use time::OffsetDateTime;

pub use score::{Score, Standing};

use super::history::{DAY, History, STEP, WEEK, begin_of, step_of};
use level::Level;

/// How many steps are predicted: an hour.
pub const HORIZON: usize = 12;
/// For how long a forecast holds; then it is as if there were none.
pub const HOLDS: Duration = Duration::from_mins(30);
/// How much of what is to come lies between the bounds.
pub const LEVEL: f64 = 0.9;
/// No bound is more than so many times the highest load that ever came.
const BEYOND: f64 = 2.0;

/// What is expected of one step, in requests a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Which step.
    pub step: i64,
    /// What is most likely.
    pub expected: f64,
    /// It is hardly less.
    pub lower: f64,
    /// It is hardly more.
    pub upper: f64,
}

/// What is expected of the next steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// What it was made by, in words.
    pub model: &'static str,
    /// When it was made.
    pub made_at: OffsetDateTime,
    /// Step by step.
    pub points: Vec<Point>,
}

/// Why there is no forecast.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum None {
    /// Less than two days were seen.
    #[error("less than two days of load were seen")]
    TooShort,
    /// More was stood in for than was seen.
    #[error("nobody looked for more than half of the time")]
    TooThin,
    /// Nothing came of it that is a number.
    #[error("the model does not fit: {0}")]
    Unfit(String),
}

impl Forecast {
    /// Carries `history` on, from the step after its last one.
    ///
    /// # Errors
    /// When too little was seen, or the model does not fit.
    pub fn make(history: &History, made_at: OffsetDateTime) -> Result<Self, None> {
        let load = &history.load;
        if load.len() < 2 * DAY {
            return Err(None::TooShort);
        }
        if history.seen * 2 < load.len() {
            return Err(None::TooThin);
        }
        let (seasons, model) = if load.len() >= 2 * WEEK {
            (vec![DAY, WEEK], "MSTL(day, week) + SES of the logarithm")
        } else {
            (vec![DAY], "MSTL(day) + SES of the logarithm")
        };
        // Of the logarithm: a day that is busier than others is so at each hour by its share.
        let logarithm: Vec<f64> = load.iter().map(|load| load.max(0.0).ln_1p()).collect();
        let unfit = |error: augurs_mstl::Error| None::Unfit(error.to_string());
        let fitted = MSTLModel::new(seasons, Level).mstl_params(smoothing());
        let fitted = fitted.fit(&logarithm).map_err(unfit)?;
        let forecast = fitted.predict(HORIZON, LEVEL).map_err(unfit)?;
        let (Some(bounds), highest) = (
            forecast.intervals,
            load.iter().fold(0.0, |a: f64, b| a.max(*b)),
        ) else {
            return Err(None::Unfit("no bounds".to_owned()));
        };
        let back = |logarithm: f64| logarithm.exp_m1().clamp(0.0, BEYOND * highest);
        let steps = (history.next()..).zip(forecast.point);
        let bounds = bounds.lower.into_iter().zip(bounds.upper);
        let points = steps
            .zip(bounds)
            .map(|((step, expected), (lower, upper))| Point {
                step,
                expected: back(expected),
                lower: back(lower),
                upper: back(upper),
            });
        let points: Vec<Point> = points.collect();
        let finite = |point: &Point| point.expected.is_finite() && point.upper.is_finite();
        if points.iter().all(finite) {
            Ok(Self {
                model,
                made_at,
                points,
            })
        } else {
            Err(None::Unfit("not a number".to_owned()))
        }
    }

    /// Until when it holds.
    pub fn holds_until(&self) -> OffsetDateTime {
        self.made_at + HOLDS
    }

    /// The most that is to be reckoned with between `now` and `lead` later; nothing once it holds no more.
    pub fn ahead(&self, now: OffsetDateTime, lead: Duration) -> Option<f64> {
        if !(self.made_at..self.holds_until()).contains(&now) {
            return Option::None;
        }
        let steps = step_of(now)..=step_of(now + lead);
        let there = self
            .points
            .iter()
            .filter(|point| steps.contains(&point.step));
        there.map(|point| point.upper).reduce(f64::max)
    }
}

/// Seasons of the same shape throughout, without the passes that make it robust: they cost more than they bring here.
fn smoothing() -> stlrs::MstlParams {
    let mut each = stlrs::params();
    each.seasonal_degree(0).inner_loops(2).outer_loops(0);
    let mut all = stlrs::MstlParams::new();
    all.stl_params(each);
    all
}

/// How long before it begins a step is predicted, for the prediction to count in the [`Score`].
pub const LEAD: Duration = STEP;

/// The first step that a forecast made then predicts early enough to be judged by it.
pub fn first_judged(made_at: OffsetDateTime) -> i64 {
    let first = step_of(made_at + LEAD);
    if begin_of(first) < made_at + LEAD {
        first + 1
    } else {
        first
    }
}

#[cfg(test)]
mod tests;
