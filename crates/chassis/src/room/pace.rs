//! How long requests of one kind take when nothing hurries them.

use std::time::Duration;

/// Single requests differ by what they ask for; the mean of so many tells of the instance.
const SAMPLES: u32 = 16;
/// Where requests became slower for good, the unhurried time follows by one part in this, each time it is measured.
const FOLLOW: u32 = 8;

/// The unhurried time of one kind of request.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    unhurried: Option<Duration>,
    samples: u32,
    sum: Duration,
}

impl Pace {
    /// How long such a request takes unhurried; one that took `took` is taken at its word while nobody knows better.
    pub(crate) fn unhurried(&self, took: Duration) -> Duration {
        self.unhurried.unwrap_or(took)
    }

    /// Notes a request that was answered. What is quicker is believed at once; what is slower only when it is `calm`, or
    /// an instance that is flooded would take its queue for its nature.
    pub(crate) fn note(&mut self, took: Duration, calm: bool) {
        self.samples += 1;
        self.sum += took;
        if self.samples < SAMPLES {
            return;
        }
        let mean = self.sum / self.samples;
        self.unhurried = Some(match self.unhurried {
            Some(known) if mean > known && calm => known + mean.saturating_sub(known) / FOLLOW,
            Some(known) => known.min(mean),
            None => mean,
        });
        (self.samples, self.sum) = (0, Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(pace: &mut Pace, millis: u64, times: u32, calm: bool) {
        for _ in 0..times * SAMPLES {
            pace.note(Duration::from_millis(millis), calm);
        }
    }

    fn unhurried(pace: &Pace) -> u128 {
        pace.unhurried(Duration::from_secs(9)).as_millis()
    }

    #[test]
    fn a_flood_does_not_pass_for_the_nature_of_a_request() {
        let mut pace = Pace::default();
        assert_eq!(unhurried(&pace), 9_000);
        noted(&mut pace, 20, 1, true);

        noted(&mut pace, 400, 1_000, false);

        assert_eq!(unhurried(&pace), 20);
    }

    #[test]
    fn what_became_slower_for_good_is_followed_in_calm_and_what_became_quicker_at_once() {
        let mut pace = Pace::default();
        noted(&mut pace, 20, 1, true);

        noted(&mut pace, 100, 40, true);
        let slower = unhurried(&pace);
        noted(&mut pace, 10, 1, false);

        assert!((95..=100).contains(&slower), "{slower}");
        assert_eq!(unhurried(&pace), 10);
    }
}
