//! How busy one instance is, as its callers feel it: a latency that rises fast and falls slowly, and the calls in flight.

use std::time::Duration;

use tokio::time::Instant;

use crate::choice::GRAIN;
use crate::standing::Verdict;

/// How long a slow answer is remembered. An instance that gets no calls is forgiven by it too, so that it is tried again.
const MEMORY: Duration = Duration::from_secs(5);
/// After this long without an answer nothing is known any more: seconds once waited for a frozen one fade too slowly.
const FORGOTTEN: Duration = Duration::from_secs(15);
/// How much of a rise is believed at once: a lone slow answer is chance, the second in a row is not.
const RISE: f64 = 0.1;
/// How much of a fall is believed at once, where that is more than time has made of it.
const FALL: f64 = 0.05;
/// No single answer counts as more than this many times what was expected: machines stall now and then.
const STALL: f64 = 8.0;

/// How busy an instance is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// In seconds, as it was when it was noted; nothing before the first answer.
    latency: Option<f64>,
    noted: Instant,
    pending: u32,
    /// When it last gave a sign of life while somebody waited.
    heard: Instant,
}

impl Load {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            latency: None,
            noted: now,
            pending: 0,
            heard: now,
        }
    }

    /// A call goes out.
    pub(crate) fn begin(&mut self, now: Instant) {
        if self.pending == 0 {
            self.heard = now;
        }
        self.pending += 1;
    }

    /// A call is over that took so long. `late`: it was waited for in vain.
    pub(crate) fn end(
        &mut self,
        now: Instant,
        took: Duration,
        verdict: Option<Verdict>,
        late: bool,
    ) {
        self.pending = self.pending.saturating_sub(1);
        if matches!(verdict, Some(Verdict::Answered | Verdict::Unable)) {
            self.heard = now;
        }
        match verdict {
            Some(Verdict::Answered) => self.measure(now, took),
            Some(Verdict::Unable) => self.measure_at_least(now, took),
            Some(Verdict::Failed) if late => self.measure_at_least(now, took),
            // A connection that broke tells nothing of how quick the next one is.
            Some(Verdict::Failed) | None => {}
        }
    }

    /// Takes in how long an answer took. An answer as slow as the one remembered renews the memory of it in full.
    fn measure(&mut self, now: Instant, took: Duration) {
        let took = took.as_secs_f64();
        let before = self.remembered(now).unwrap_or(took);
        let took = took.min(STALL * (GRAIN + before));
        let kept = if took > before {
            1.0 - RISE
        } else {
            self.faded(now).min(1.0 - FALL)
        };
        self.latency = Some(took + (before - took) * kept);
        self.noted = now;
    }

    /// Takes in a time after which there was no real answer: it can only make the instance look slower.
    fn measure_at_least(&mut self, now: Instant, took: Duration) {
        if self
            .latency(now)
            .is_none_or(|known| took.as_secs_f64() > known)
        {
            self.measure(now, took);
        }
    }

    /// Forgets what was measured.
    pub(crate) fn forget(&mut self) {
        self.latency = None;
    }

    /// The latency to expect, in seconds: what is remembered, believed the less the older it is. One call at a time finds
    /// out whether it still holds.
    pub(crate) fn latency(&self, now: Instant) -> Option<f64> {
        let believed = if self.pending == 0 {
            self.faded(now)
        } else {
            1.0
        };
        self.remembered(now).map(|latency| latency * believed)
    }

    fn remembered(&self, now: Instant) -> Option<f64> {
        let age = now.saturating_duration_since(self.noted);
        self.latency.filter(|_| age < FORGOTTEN)
    }

    /// How long callers have waited without any sign of life: what tells a frozen instance long before a deadline does.
    pub(crate) fn silence(&self, now: Instant) -> f64 {
        if self.pending == 0 {
            return 0.0;
        }
        now.saturating_duration_since(self.heard).as_secs_f64()
    }

    /// Calls in flight.
    pub(crate) fn pending(&self) -> u32 {
        self.pending
    }

    /// The share of what was noted that still counts.
    fn faded(&self, now: Instant) -> f64 {
        let age = now.saturating_duration_since(self.noted);
        (-age.as_secs_f64() / MEMORY.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// What is expected after answers that took this many milliseconds, one right after the other.
    fn after(answers: impl IntoIterator<Item = u32>) -> f64 {
        let begin = Instant::now();
        let mut load = Load::new(begin);
        answers
            .into_iter()
            .for_each(|millis| load.measure(begin, millis * MS));
        1_000.0 * load.latency(begin).unwrap()
    }

    #[test]
    fn a_lone_stall_is_hardly_believed_and_slow_answers_in_a_row_are() {
        assert!(after([50, 5_000]) < 1.8 * 50.0);
        assert!(after([50, 500, 500, 500]) > 3.0 * 50.0);
    }

    #[test]
    fn latency_falls_slower_than_it_rises() {
        assert!(after([50, 500, 500, 500, 50, 50]) > 2.5 * 50.0);
    }

    #[test]
    fn one_more_slow_answer_renews_the_memory_of_it_and_a_quick_one_ends_it() {
        let begin = Instant::now();
        let later = begin + 2 * MEMORY;
        let mut slow = Load::new(begin);
        slow.measure(begin, 500 * MS);
        let mut well = slow;

        slow.measure(later, 500 * MS);
        well.measure(later, 50 * MS);

        assert!(slow.latency(later).unwrap() > 0.49);
        assert!(well.latency(later).unwrap() < 0.12);
    }

    #[test]
    fn an_instance_that_gets_no_calls_is_forgiven() {
        let begin = Instant::now();
        let mut load = Load::new(begin);

        load.measure(begin, 100 * MS);

        let later = load.latency(begin + MEMORY).unwrap();
        assert!(later < 0.04, "{later}");
        assert_eq!(load.latency(begin + FORGOTTEN), None);
    }

    #[test]
    fn silence_counts_from_the_last_sign_of_life_and_only_while_somebody_waits() {
        let begin = Instant::now();
        let mut load = Load::new(begin);
        assert!(load.silence(begin + 500 * MS) < 0.001);

        load.begin(begin + 500 * MS);
        load.begin(begin + 500 * MS);
        load.end(begin + 510 * MS, 10 * MS, Some(Verdict::Answered), false);

        assert!((load.silence(begin + 610 * MS) - 0.1).abs() < 0.001);
        load.end(begin + 620 * MS, 120 * MS, None, false);
        assert!(load.silence(begin + 900 * MS) < 0.001);
    }

    #[test]
    fn a_failure_makes_an_instance_slower_and_never_quicker() {
        let begin = Instant::now();
        let mut load = Load::new(begin);
        load.measure(begin, 10 * MS);

        load.measure_at_least(begin, MS);
        let same = load.latency(begin).unwrap();
        load.measure_at_least(begin, 1_000 * MS);

        assert!((same - 0.01).abs() < 1e-9);
        assert!(load.latency(begin).unwrap() > 0.015);
    }
}
