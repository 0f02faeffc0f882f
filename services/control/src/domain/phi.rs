//! How much a silence tells: a phi-accrual detector (Hayashibara et al., 2004).
//!
//! The intervals between heartbeats are taken as normally distributed, with the mean and the deviation of the last [`WINDOW`]
//! of them, and at least [`LEAST_DEVIATION`]. With `P(t)` the chance that the next heartbeat comes only after a silence of
//! `t`, phi is `-log10 P(t)`: at phi 1 one suspicion in ten is wrong, at [`SUSPECT`] one in a hundred million, if heartbeats
//! are what the window says. So a peer whose answers come unevenly is given more time, by itself.

use std::collections::VecDeque;
use std::time::Duration;

/// How many intervals are remembered: a minute of them.
const WINDOW: usize = 120;
/// The least deviation that is believed: a heartbeat through a quiet network and an idle machine still waits for its turn.
const LEAST_DEVIATION: f64 = 0.1;
/// From which phi on a peer is suspected.
pub const SUSPECT: f64 = 8.0;
/// What is believed of a peer before its own intervals are known: heartbeats about this often.
const FIRST: f64 = 0.5;

/// The heartbeats of one peer.
#[derive(Clone, Debug)]
pub struct Phi {
    intervals: VecDeque<f64>,
    last: Duration,
}

impl Phi {
    /// Begins with a heartbeat at `now`.
    pub fn new(now: Duration) -> Self {
        Self {
            intervals: VecDeque::from([FIRST * 0.5, FIRST * 1.5]),
            last: now,
        }
    }

    /// Notes a heartbeat at `now`.
    pub fn heartbeat(&mut self, now: Duration) {
        if self.intervals.len() == WINDOW {
            self.intervals.pop_front();
        }
        let interval = now.saturating_sub(self.last);
        self.intervals.push_back(interval.as_secs_f64());
        self.last = now;
    }

    /// Begins anew at `now`, with what is known of the intervals: a silence that is explained is not one of them.
    pub fn again(&mut self, now: Duration) {
        self.last = now;
    }

    /// How suspicious the silence since the last heartbeat is at `now`.
    pub fn phi(&self, now: Duration) -> f64 {
        let silence = now.saturating_sub(self.last).as_secs_f64();
        let (mean, deviation) = self.distribution();
        let late = later((silence - mean) / deviation);
        -late.max(f64::MIN_POSITIVE).log10()
    }

    #[allow(clippy::cast_precision_loss, reason = "there are 120 at most")]
    fn distribution(&self) -> (f64, f64) {
        let count = self.intervals.len() as f64;
        let mean = self.intervals.iter().sum::<f64>() / count;
        let squares = self.intervals.iter().map(|one| (one - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        (mean, deviation.max(LEAST_DEVIATION))
    }
}

/// The chance that a standard normal variable is above `y`: the logistic approximation of Bowling et al. (2009), within
/// 0.00014 in the middle. In the tail it falls a little faster than the true one, which only makes phi rise sooner.
fn later(y: f64) -> f64 {
    let power = (-y * 0.070_56f64.mul_add(y * y, 1.5976)).exp();
    if y > 0.0 {
        power / (1.0 + power)
    } else {
        1.0 - 1.0 / (1.0 + power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// A peer that was heard every `intervals`, over and over, for two minutes; and when that was last.
    fn heard(intervals: &[u64]) -> (Phi, Duration) {
        let mut now = millis(0);
        let mut phi = Phi::new(now);
        for interval in intervals.iter().cycle() {
            now += millis(*interval);
            phi.heartbeat(now);
            if now > millis(120_000) {
                return (phi, now);
            }
        }
        unreachable!("the intervals go on for ever")
    }

    #[test]
    fn a_regular_peer_is_suspected_after_a_second_of_silence() {
        let (phi, now) = heard(&[500]);

        assert!(phi.phi(now + millis(500)) < 1.0);
        assert!(phi.phi(now + millis(700)) < SUSPECT);
        assert!(phi.phi(now + millis(1_100)) > SUSPECT);
    }

    #[test]
    fn a_peer_that_is_heard_unevenly_is_given_more_time() {
        let (even, at) = heard(&[500]);
        let (uneven, then) = heard(&[100, 1_500, 300, 1_100]);

        assert!(even.phi(at + millis(1_500)) > SUSPECT);
        assert!(uneven.phi(then + millis(1_500)) < SUSPECT);
        assert!(uneven.phi(then + millis(5_000)) > SUSPECT);
    }

    #[test]
    fn suspicion_only_grows_while_nothing_is_heard() {
        let (phi, now) = heard(&[500]);
        let at = |quarters: u32| phi.phi(now + millis(250) * quarters);

        assert!((0..40).all(|quarters| at(quarters) <= at(quarters + 1)));
        assert!(at(4_000).is_finite());
    }

    #[test]
    fn the_chance_of_a_late_heartbeat_is_that_of_a_normal_distribution() {
        for (y, chance) in [
            (0.0, 0.5),
            (1.0, 0.158_655),
            (2.0, 0.022_750),
            (-1.0, 0.841_345),
        ] {
            assert!((later(y) - chance).abs() < 0.001, "{y}: {}", later(y));
        }
    }

    #[test]
    fn a_new_peer_is_suspected_too() {
        let phi = Phi::new(millis(0));

        assert!(phi.phi(millis(700)) < SUSPECT);
        assert!(phi.phi(millis(3_000)) > SUSPECT);
    }
}
