//! What is to come for one service: the load that was, what was said of it before, and the forecast that follows.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use tokio::task::JoinHandle;

use crate::domain::forecast::{Forecast, None, Score, first_judged};
use crate::domain::history::{DAY, History, MOST, step_of};
use crate::store::scaling::{Outlook, Step};

/// How often a forecast is made: every third step. It holds for twice as long.
const EVERY: i64 = 3;

/// What is known of one service's load, and what follows.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The load of steps that are over.
    came: BTreeMap<i64, f64>,
    /// What was said of steps, early enough.
    said: BTreeMap<i64, f64>,
    /// The forecast, and the step in which it was made.
    forecast: Option<Forecast>,
    made_in: Option<i64>,
    making: Option<JoinHandle<Made>>,
}

/// A forecast, or why there is none; and when.
type Made = (Result<Forecast, None>, OffsetDateTime);

impl Ahead {
    /// Knows what is kept of a step.
    pub(super) fn know(&mut self, step: &Step) {
        self.said
            .extend(step.foreseen.map(|said| (step.step, said)));
        self.came.extend(step.mean().map(|mean| (step.step, mean)));
    }

    /// Knows that a step is over.
    pub(super) fn over(&mut self, step: i64, mean: f64) {
        self.came.insert(step, mean);
        let oldest = step - i64::try_from(MOST).unwrap_or(i64::MAX);
        self.came = self.came.split_off(&oldest);
        self.said = self.said.split_off(&oldest);
    }

    /// The forecast that was made last.
    pub(super) fn forecast(&self) -> Option<&Forecast> {
        self.forecast.as_ref()
    }

    /// How good forecasts were in the last day.
    pub(super) fn score(&self, now: OffsetDateTime) -> Score {
        let first = step_of(now) - i64::try_from(DAY).unwrap_or(i64::MAX);
        let came = self.came.range(first..step_of(now));
        Score::of(came.filter_map(|(step, came)| Some((*self.said.get(step)?, *came))))
    }

    /// Has a forecast made, where it is time to, beside all else: it takes a while.
    pub(super) fn begin(&mut self, now: OffsetDateTime) {
        let step = step_of(now);
        let due = self.made_in.is_none_or(|made| step >= made + EVERY);
        if self.making.is_none() && due {
            self.made_in = Some(step);
            let over = self.came.range(..step).map(|(step, load)| (*step, *load));
            let history = History::of(&over.collect());
            let make = move || (Forecast::make(&history, now), now);
            self.making = Some(tokio::task::spawn_blocking(make));
        }
    }

    /// Takes what has been made meanwhile: how it is shown, and what it says of steps that it will be judged by.
    pub(super) async fn take(&mut self) -> Option<(Outlook, Vec<(i64, f64)>)> {
        let making = self.making.take_if(|making| making.is_finished())?;
        // Where it panicked there is none until the next is made.
        let (made, made_at) = making.await.ok()?;
        let outlook = outlook(&made, made_at);
        self.forecast = made.ok();
        let points = self.forecast.iter().flat_map(|made| &made.points);
        let judged = points.filter(|point| point.step >= first_judged(made_at));
        let judged: Vec<(i64, f64)> = judged.map(|point| (point.step, point.expected)).collect();
        self.said.extend(judged.iter().copied());
        Some((outlook, judged))
    }
}

fn outlook(made: &Result<Forecast, None>, made_at: OffsetDateTime) -> Outlook {
    match made {
        Ok(made) => Outlook {
            made_at,
            model: made.model.to_owned(),
            none: String::new(),
            points: made
                .points
                .iter()
                .map(|point| (point.step, point.expected, point.lower, point.upper))
                .collect(),
        },
        Err(none) => Outlook {
            made_at,
            model: String::new(),
            none: none.to_string(),
            points: Vec::new(),
        },
    }
}
