//! What is left of the load without its seasons, followed by exponential smoothing.

use std::borrow::Cow;
use std::error::Error;

use augurs_core::{Forecast, ForecastIntervals};
use augurs_mstl::{FittedTrendModel, TrendModel};

use super::LEVEL;

/// How quickly the level may follow what comes; that is taken by which the past would have been predicted best.
const PACES: [f64; 8] = [0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9];
/// How far the bounds at [`LEVEL`] are from the middle, in standard deviations.
const WIDTH: f64 = 1.645;

/// Simple exponential smoothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level;

#[derive(Clone, Debug)]
struct Followed {
    pace: f64,
    level: f64,
    variance: f64,
    one_ahead: Vec<f64>,
}

impl TrendModel for Level {
    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("SES")
    }

    fn fit(
        &self,
        y: &[f64],
    ) -> Result<Box<dyn FittedTrendModel + Sync + Send>, Box<dyn Error + Send + Sync>> {
        let followed = PACES.map(|pace| Followed::at(pace, y)).into_iter();
        let best = followed.min_by(|one, other| one.variance.total_cmp(&other.variance));
        Ok(Box::new(best.ok_or("nothing to follow")?))
    }
}

impl Followed {
    fn at(pace: f64, y: &[f64]) -> Self {
        let mut level = y.first().copied().unwrap_or(0.0);
        let (mut squares, mut one_ahead) = (0.0, Vec::with_capacity(y.len()));
        for value in y {
            one_ahead.push(level);
            let missed = value - level;
            squares += missed * missed;
            level += pace * missed;
        }
        let count: f64 = y.iter().map(|_| 1.0).sum();
        Self {
            pace,
            level,
            variance: squares / count.max(1.0),
            one_ahead,
        }
    }
}

impl FittedTrendModel for Followed {
    fn predict_inplace(
        &self,
        horizon: usize,
        _: Option<f64>,
        forecast: &mut Forecast,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        // Each step ahead adds what the level may move by meanwhile.
        let steps = std::iter::successors(Some(self.variance), |variance| {
            Some(variance + self.variance * self.pace * self.pace)
        });
        let far = steps.take(horizon).map(|variance| WIDTH * variance.sqrt());
        let (lower, upper) = far.map(|far| (self.level - far, self.level + far)).unzip();
        forecast.point = vec![self.level; horizon];
        forecast.intervals = Some(ForecastIntervals {
            level: LEVEL,
            lower,
            upper,
        });
        Ok(())
    }

    fn predict_in_sample_inplace(
        &self,
        _: Option<f64>,
        forecast: &mut Forecast,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        forecast.point.clone_from(&self.one_ahead);
        Ok(())
    }

    fn training_data_size(&self) -> Option<usize> {
        Some(self.one_ahead.len())
    }
}
