//! How long each of many operations took.

use std::iter::Sum;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// A time is kept to a hundredth of it.
const FIGURES: u8 = 2;
/// No time is told from longer ones beyond an hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;

/// How long each of many operations took.
#[derive(Clone, Debug)]
pub(crate) struct Took(Histogram<u64>);

impl Took {
    /// Notes one that took so long.
    pub(crate) fn note(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.saturating_record(nanos);
    }

    /// Notes what was done since `begun`; answers the moment that the next one begins.
    pub(crate) fn since(&mut self, begun: Instant) -> Instant {
        let now = Instant::now();
        self.note(now - begun);
        now
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// What half of them took at most, in milliseconds.
    pub(crate) fn p50(&self) -> f64 {
        self.at(0.5)
    }

    /// What 99 of a hundred took at most, in milliseconds.
    pub(crate) fn p99(&self) -> f64 {
        self.at(0.99)
    }

    /// Nothing took no time: where there were none, it is no number.
    fn at(&self, share: f64) -> f64 {
        if self.0.is_empty() {
            return f64::NAN;
        }
        Duration::from_nanos(self.0.value_at_quantile(share)).as_secs_f64() * 1e3
    }
}

impl Default for Took {
    fn default() -> Self {
        Self(Histogram::new_with_max(LONGEST, FIGURES).expect("an hour can be kept to a hundredth"))
    }
}

impl Sum for Took {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.0 += &one.0;
            sum
        })
    }
}

/// Does `one` after the other until a moment.
///
/// # Errors
/// The first of `one`.
pub(crate) async fn over_and_over(
    until: Instant,
    mut one: impl AsyncFnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Took> {
    let (mut took, mut begun) = (Took::default(), Instant::now());
    while begun < until {
        one().await?;
        begun = took.since(begun);
    }
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hundred(times: impl Iterator<Item = u64>) -> Took {
        let mut took = Took::default();
        for millis in times {
            took.note(Duration::from_millis(millis));
        }
        took
    }

    #[test]
    fn the_slowest_of_a_hundred_is_beyond_the_99th() {
        let took = hundred((1..100).chain([5_000]));

        let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 0.01;
        assert!(near(took.p50(), 50.0), "{}", took.p50());
        assert!(near(took.p99(), 99.0), "{}", took.p99());
    }

    #[test]
    fn what_several_did_counts_together() {
        let both: Took = [hundred(1..=50), hundred(51..=100)].into_iter().sum();

        assert_eq!((both.count(), both.p99() > 98.0), (100, true));
        assert!(Took::default().p99().is_nan());
    }

    #[tokio::test]
    async fn each_is_timed_by_itself() {
        let mut turn = 0;
        let until = Instant::now() + Duration::from_millis(300);
        let one = async || {
            turn += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
            anyhow::Ok(())
        };

        let took = over_and_over(until, one).await.unwrap();

        assert_eq!(took.count(), turn);
        assert!(took.p50() >= 20.0 && took.p50() < 200.0, "{}", took.p50());
    }
}
