//! Whether an instance is trusted with calls: ejected when it fails where others do not, let back in by one good call.
//!
//! This is the circuit breaker: in (closed), out (open), on probation (half-open).

use std::time::Duration;

use tokio::time::Instant;

use crate::tally::Tally;

/// So many failures in a row are no chance any more.
const IN_A_ROW: u32 = 5;
/// The first ejection; each that follows soon after the last one is twice as long.
const FIRST: Duration = Duration::from_secs(2);
/// The longest ejection: a good instance is never away from its work for longer than this.
const LONGEST: Duration = Duration::from_secs(30);
/// One that stayed in for this long has a clean slate.
const CLEAN: Duration = Duration::from_mins(1);

/// One that was not tried for so long after it could have been: nobody knows how it is.
const UNTRIED: Duration = Duration::from_secs(5);

/// How one call ended, as far as it tells about the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It answered, be the answer yes or no.
    Answered,
    /// It answered that it cannot: full, too late, or broken inside.
    Unable,
    /// No answer came, or the connection broke.
    Failed,
}

/// What others need to know to judge their neighbour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) answered: Option<Instant>,
    pub(crate) rate: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    In,
    Out { until: Instant },
    Probation,
}

/// Whether one instance is trusted.
#[derive(Debug)]
pub(crate) struct Standing {
    state: State,
    row: u32,
    /// When the first of the failures in a row was.
    row_began: Instant,
    answered: Option<Instant>,
    tally: Tally,
    ejections: u32,
    /// When it went out; it has failed each time that it was tried since.
    out: Option<Instant>,
    /// When it last came in.
    since: Instant,
}

impl Standing {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            state: State::In,
            row: 0,
            row_began: now,
            answered: None,
            tally: Tally::new(now),
            ejections: 0,
            out: None,
            since: now,
        }
    }

    pub(crate) fn is_in(&self) -> bool {
        self.state == State::In
    }

    /// Takes the one call by which it may come back, when that is due.
    pub(crate) fn take_probe(&mut self, now: Instant) -> bool {
        let State::Out { until } = self.state else {
            return false;
        };
        let due = now >= until;
        if due {
            self.state = State::Probation;
            self.out = self.out.filter(|_| now < until + UNTRIED);
        }
        due
    }

    /// The probe ended without a verdict: the next call is one again.
    pub(crate) fn return_probe(&mut self, now: Instant) {
        if self.state == State::Probation {
            self.state = State::Out { until: now };
        }
    }

    /// Notes how the probe ended.
    pub(crate) fn note_probe(&mut self, verdict: Verdict, now: Instant, chance: f64) {
        if verdict == Verdict::Failed {
            return self.eject(now, chance);
        }
        // One that is unable again is judged by its rate again.
        self.state = State::In;
        self.out = None;
        self.since = now;
        self.row = 0;
        self.answered = Some(now);
        self.tally = Tally::new(now);
    }

    /// Notes how a call ended.
    pub(crate) fn note(&mut self, verdict: Verdict, now: Instant) {
        self.tally.note(verdict == Verdict::Answered, now);
        match verdict {
            Verdict::Answered => {
                self.row = 0;
                self.answered = Some(now);
            }
            Verdict::Unable => {}
            Verdict::Failed => {
                if self.row == 0 {
                    self.row_began = now;
                }
                self.row += 1;
            }
        }
    }

    /// Since when it is known to fail, where it is out for that.
    pub(crate) fn out_since(&self, now: Instant) -> Option<Instant> {
        let known = match self.state {
            State::In => false,
            State::Out { until } => now < until + UNTRIED,
            State::Probation => true,
        };
        self.out.filter(|_| known)
    }

    pub(crate) fn record(&self, now: Instant) -> Record {
        Record {
            answered: self.answered,
            rate: self.tally.rate(now),
        }
    }

    /// Whether it fails where its peers do not. What all of them suffer from is nobody's fault.
    pub(crate) fn is_outlier(&self, peers: &[Record], now: Instant) -> bool {
        let answers = |peer: &Record| peer.answered.is_some_and(|at| at > self.row_began);
        let in_a_row = self.row >= IN_A_ROW && peers.iter().any(answers);
        in_a_row || self.tally.is_far_below(peers, now)
    }

    /// Gives it no calls for a while.
    pub(crate) fn eject(&mut self, now: Instant, chance: f64) {
        if now.saturating_duration_since(self.since) > CLEAN {
            self.ejections = 0;
        }
        let time = FIRST.saturating_mul(1 << self.ejections.min(10));
        // Callers that ejected it together do not come back together.
        let time = time.min(LONGEST).mul_f64(0.75 + chance / 2.0);
        self.ejections += 1;
        self.out.get_or_insert(now);
        self.since = now;
        self.state = State::Out { until: now + time };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn failing(begin: Instant, times: u32) -> Standing {
        let mut standing = Standing::new(begin);
        (0..times).for_each(|_| standing.note(Verdict::Failed, begin));
        standing
    }

    fn peer(answered: Instant) -> Record {
        Record {
            answered: Some(answered),
            rate: None,
        }
    }

    #[test]
    fn five_failures_in_a_row_make_an_outlier_where_others_answer() {
        let begin = Instant::now();
        let well = [peer(begin + SECOND)];

        assert!(failing(begin, 5).is_outlier(&well, begin + SECOND));
        assert!(!failing(begin, 4).is_outlier(&well, begin + SECOND));
    }

    #[test]
    fn what_all_suffer_from_makes_no_outlier() {
        let begin = Instant::now();

        let standing = failing(begin, 50);

        assert!(!standing.is_outlier(&[peer(begin)], begin + SECOND));
        assert!(!standing.is_outlier(&[], begin + SECOND));
    }

    #[test]
    fn a_success_between_failures_begins_the_row_anew() {
        let begin = Instant::now();
        let mut standing = failing(begin, 4);

        standing.note(Verdict::Answered, begin);
        standing.note(Verdict::Failed, begin);

        assert!(!standing.is_outlier(&[peer(begin + SECOND)], begin + SECOND));
    }

    #[test]
    fn an_ejected_one_gets_one_probe_when_its_time_is_over() {
        let begin = Instant::now();
        let mut standing = Standing::new(begin);
        standing.eject(begin, 0.5);

        assert!(!standing.take_probe(begin + SECOND));
        assert!(standing.take_probe(begin + 2 * SECOND));
        assert!(!standing.take_probe(begin + 2 * SECOND));
        standing.note_probe(Verdict::Answered, begin + 2 * SECOND, 0.5);

        assert!(standing.is_in());
    }

    #[test]
    fn each_failed_probe_doubles_the_time_up_to_a_bound() {
        let mut now = Instant::now();
        let mut standing = Standing::new(now);
        standing.eject(now, 0.5);

        for seconds in [2, 4, 8, 16, 30, 30] {
            now += (seconds - 1) * SECOND;
            assert!(!standing.take_probe(now));
            now += SECOND;
            assert!(standing.take_probe(now), "{seconds}");
            standing.note_probe(Verdict::Failed, now, 0.5);
        }
    }

    #[test]
    fn one_is_known_to_fail_since_it_went_out_until_it_answers_or_is_not_tried() {
        let begin = Instant::now();
        let mut standing = Standing::new(begin);
        assert_eq!(standing.out_since(begin), None);
        standing.eject(begin, 0.5);
        assert!(standing.take_probe(begin + 2 * SECOND));
        standing.note_probe(Verdict::Failed, begin + 2 * SECOND, 0.5);
        assert_eq!(standing.out_since(begin + 3 * SECOND), Some(begin));

        // It could have been tried from second 6 on.
        let late = begin + 20 * SECOND;
        assert_eq!(standing.out_since(late), None);
        assert!(standing.take_probe(late));
        assert_eq!(standing.out_since(late), None);
        standing.note_probe(Verdict::Failed, late, 0.5);
        assert_eq!(standing.out_since(late), Some(late));

        let end = late + 8 * SECOND;
        assert!(standing.take_probe(end));
        standing.note_probe(Verdict::Answered, end, 0.5);
        assert_eq!(standing.out_since(end), None);
    }

    #[test]
    fn a_probe_that_nobody_waited_for_can_be_taken_again() {
        let begin = Instant::now();
        let mut standing = Standing::new(begin);
        standing.eject(begin, 0.5);
        assert!(standing.take_probe(begin + 2 * SECOND));

        standing.return_probe(begin + 2 * SECOND);

        assert!(standing.take_probe(begin + 2 * SECOND));
    }
}
