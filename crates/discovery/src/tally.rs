//! How many of the last calls to an instance were answered.

use std::time::Duration;

use tokio::time::Instant;

use crate::standing::Record;

/// Calls are counted by this much time; the part before it counts too.
const PART: Duration = Duration::from_secs(5);
/// Fewer calls than this tell nothing.
const ENOUGH: u32 = 20;
/// How far below the others' rate one may be.
const FAR: f64 = 0.5;

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    answered: u32,
    all: u32,
}

/// The calls of the last five to ten seconds.
#[derive(Debug)]
pub(crate) struct Tally {
    begun: Instant,
    now: Count,
    before: Count,
}

impl Tally {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            begun: now,
            now: Count::default(),
            before: Count::default(),
        }
    }

    pub(crate) fn note(&mut self, answered: bool, now: Instant) {
        let age = now.saturating_duration_since(self.begun);
        if age >= PART {
            let last = std::mem::take(&mut self.now);
            self.before = if age < 2 * PART {
                last
            } else {
                Count::default()
            };
            self.begun = now;
        }
        self.now.all += 1;
        self.now.answered += u32::from(answered);
    }

    /// The part of the calls that was answered, where there were enough of them.
    pub(crate) fn rate(&self, now: Instant) -> Option<f64> {
        if now.saturating_duration_since(self.begun) >= 2 * PART {
            return None;
        }
        let all = self.now.all + self.before.all;
        let answered = self.now.answered + self.before.answered;
        (all >= ENOUGH).then(|| f64::from(answered) / f64::from(all))
    }

    /// Whether far fewer calls are answered here than by its peers on average.
    pub(crate) fn is_far_below(&self, peers: &[Record], now: Instant) -> bool {
        let rates = peers.iter().filter_map(|peer| peer.rate);
        let (sum, count) = rates.fold((0.0, 0.0), |(sum, count), rate| (sum + rate, count + 1.0));
        let average = sum / count;
        self.rate(now)
            .is_some_and(|own| count > 0.0 && own < FAR * average)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(begin: Instant, answered: usize, all: usize) -> Tally {
        let mut tally = Tally::new(begin);
        (0..all).for_each(|at| tally.note(at < answered, begin));
        tally
    }

    fn peer(rate: f64) -> Record {
        Record {
            answered: None,
            rate: Some(rate),
        }
    }

    #[test]
    fn one_that_answers_a_third_stands_out_among_the_well_and_not_among_the_overloaded() {
        let begin = Instant::now();
        let third = tally(begin, 10, 30);

        assert!(third.is_far_below(&[peer(1.0), peer(0.9)], begin));
        assert!(!third.is_far_below(&[peer(0.3), peer(0.4)], begin));
        assert!(!third.is_far_below(&[], begin));
    }

    #[test]
    fn a_few_calls_tell_nothing() {
        let begin = Instant::now();

        assert!(!tally(begin, 0, 19).is_far_below(&[peer(1.0)], begin));
        assert!(tally(begin, 0, 20).is_far_below(&[peer(1.0)], begin));
    }

    #[test]
    fn what_is_long_past_no_longer_counts() {
        let begin = Instant::now();
        let mut tally = tally(begin, 0, 100);

        assert_eq!(tally.rate(begin + 3 * PART), None);
        (0..20).for_each(|_| tally.note(true, begin + 3 * PART));

        assert_eq!(tally.rate(begin + 3 * PART), Some(1.0));
    }
}
