//! How good forecasts were: what they said, against what came.

/// With fewer steps than this nothing is said of forecasts: an hour.
const FEW: usize = 12;
/// Forecasts that miss more than this share of the load are followed no more.
const BAD: f64 = 0.5;
/// Forecasts that miss no more than this share of it are relied on.
const GOOD: f64 = 0.15;

/// How far forecasts were from what came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Of how many steps.
    pub steps: usize,
    /// By how many requests a second they missed in the middle.
    pub mean: f64,
    /// The same, as a share of what came in the middle.
    pub share: f64,
}

/// What may be built on forecasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known of them yet, or they are so-so: what they ask for is added.
    Unproven,
    /// They were good: beside them no more is kept in reserve than load moves by from one moment to the next.
    Good,
    /// They were bad: they are not followed.
    Bad,
}

impl Score {
    /// Compares pairs of what was said and what came.
    pub fn of(pairs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (mut steps, mut missed, mut came) = (0, 0.0, 0.0);
        let mut count = 0.0;
        for (said, load) in pairs {
            steps += 1;
            count += 1.0;
            missed += (said - load).abs();
            came += load;
        }
        if steps == 0 {
            return Self::default();
        }
        Self {
            steps,
            mean: missed / count,
            share: if came > 0.0 { missed / came } else { 0.0 },
        }
    }

    /// What follows from it.
    pub fn standing(&self) -> Standing {
        if self.steps < FEW {
            Standing::Unproven
        } else if self.share <= GOOD {
            Standing::Good
        } else if self.share <= BAD {
            Standing::Unproven
        } else {
            Standing::Bad
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(said: f64, came: f64) -> Score {
        Score::of([(said, came); 24])
    }

    #[test]
    fn what_is_missed_is_measured_by_what_came() {
        let score = Score::of([(90.0, 100.0), (130.0, 100.0)]);

        assert_eq!((score.steps, score.mean, score.share), (2, 20.0, 0.2));
    }

    #[test]
    fn forecasts_are_relied_on_and_dropped_by_how_good_they_were() {
        assert_eq!(
            Score::of([(100.0, 100.0); 3]).standing(),
            Standing::Unproven
        );
        assert_eq!(hours(110.0, 100.0).standing(), Standing::Good);
        assert_eq!(hours(70.0, 100.0).standing(), Standing::Unproven);
        assert_eq!(hours(10.0, 100.0).standing(), Standing::Bad);
        assert_eq!(hours(0.0, 0.0).standing(), Standing::Good);
    }
}
