//! What a fault may cost. Lost, doubled and stale fail always; times are marked, and fail only far beyond their goal.

use std::fmt::Write as _;
use std::time::Duration;

use crate::Figures;

/// What a fault may cost.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// How long no order may be taken.
    pub writes: Duration,
    /// How long no read may be answered.
    pub reads: Duration,
    /// How many times a key may have to be sent again, where that is promised.
    pub retries: Option<usize>,
    /// Whether every look has to be answered, at one door or the other.
    pub all_read: bool,
}

impl Goal {
    /// A time fails beyond so many times its goal: the machine that tests run on is busy with other things too.
    pub const FAR: u32 = 3;

    /// Orders may be out for `seconds`, reads for one, and nothing is said of retries.
    pub const fn seconds(seconds: u64) -> Self {
        Self {
            writes: Duration::from_secs(seconds),
            reads: Duration::from_secs(1),
            retries: None,
            all_read: false,
        }
    }

    /// The same, and one retry of the same key is enough for everybody.
    #[must_use]
    pub const fn one_retry(self) -> Self {
        Self {
            retries: Some(1),
            ..self
        }
    }

    /// The same, and no customer notices anything.
    #[must_use]
    pub const fn unnoticed(self) -> Self {
        Self {
            retries: Some(0),
            all_read: true,
            ..self
        }
    }

    /// What it may cost together with `other`, where both fall at once: each its own.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let retries = self.retries.zip(other.retries);
        Self {
            writes: self.writes + other.writes,
            reads: self.reads + other.reads,
            retries: retries.map(|(one, two)| one + two),
            all_read: self.all_read && other.all_read,
        }
    }

    /// One line that tells of `what`, its figures, and how they stand to this goal.
    pub fn line(&self, what: &str, figures: &Figures) -> String {
        let mut line = format!(
            "{what}: {figures} (goal: {:.0} s, {:.0} s",
            self.writes.as_secs_f64(),
            self.reads.as_secs_f64()
        );
        if let Some(retries) = self.retries {
            // Into memory.
            let _ = write!(line, ", retries: {retries}");
        }
        let late = figures.writes_out > self.writes || figures.reads_out > self.reads;
        line + if late { "; BEYOND IT)" } else { ")" }
    }

    /// What of `figures` fails a test.
    pub fn failures(&self, figures: &Figures) -> Vec<String> {
        let (writes, reads) = (figures.writes_out, figures.reads_out);
        let found = [
            (
                figures.lost > 0,
                format!("{} acknowledged orders are lost", figures.lost),
            ),
            (
                figures.doubled > 0,
                format!("{} orders are doubled", figures.doubled),
            ),
            (
                figures.stale > 0,
                format!("{} own reads were stale", figures.stale),
            ),
            (
                writes > self.writes * Self::FAR,
                format!("no order for {writes:.1?}, {}", beyond(self.writes)),
            ),
            (
                reads > self.reads * Self::FAR,
                format!("no read for {reads:.1?}, {}", beyond(self.reads)),
            ),
            (
                self.retries.is_some_and(|most| figures.retries > most),
                format!("{} retries of one key", figures.retries),
            ),
            (
                self.all_read && figures.unread > 0,
                format!("{} looks without an answer", figures.unread),
            ),
        ];
        let failed = found.into_iter().filter(|(failed, _)| *failed);
        failed.map(|(_, words)| words).collect()
    }
}

fn beyond(goal: Duration) -> String {
    format!("more than {} times the goal of {goal:.0?}", Goal::FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOAL: Goal = Goal::seconds(2).one_retry();

    fn out_for(seconds: u64) -> Figures {
        Figures {
            writes_out: Duration::from_secs(seconds),
            ..Figures::default()
        }
    }

    #[test]
    fn a_time_is_marked_beyond_its_goal_and_fails_beyond_three_times_it() {
        for (seconds, marked, failed) in [(2, false, false), (6, true, false), (7, true, true)] {
            let figures = out_for(seconds);

            assert_eq!(
                GOAL.line("x", &figures).contains("BEYOND"),
                marked,
                "{seconds}"
            );
            assert_eq!(!GOAL.failures(&figures).is_empty(), failed, "{seconds}");
        }
    }

    #[test]
    fn what_is_lost_doubled_or_stale_fails_always() {
        let none = Figures::default();
        for figures in [
            Figures {
                lost: 1,
                ..none.clone()
            },
            Figures {
                doubled: 1,
                ..none.clone()
            },
            Figures {
                stale: 1,
                ..none.clone()
            },
            Figures {
                retries: 2,
                ..none.clone()
            },
            Figures {
                reads_out: Duration::from_secs(4),
                ..none.clone()
            },
        ] {
            assert_eq!(GOAL.failures(&figures).len(), 1, "{figures:?}");
        }
        assert_eq!(GOAL.failures(&none), Vec::<String>::new());
        let unread = Figures { unread: 1, ..none };
        assert_eq!(GOAL.failures(&unread), Vec::<String>::new());
        assert_eq!(GOAL.unnoticed().failures(&unread).len(), 1);
    }

    #[test]
    fn two_faults_at_once_may_cost_what_each_of_them_may() {
        let both = GOAL.and(Goal::seconds(3));
        let figures = |writes_out, reads_out| Figures {
            reads_out: Duration::from_secs(reads_out),
            ..out_for(writes_out)
        };

        assert_eq!(both.failures(&figures(15, 6)), Vec::<String>::new());
        assert_eq!(
            both.failures(&figures(16, 7)),
            [
                "no order for 16.0s, more than 3 times the goal of 5s",
                "no read for 7.0s, more than 3 times the goal of 2s"
            ]
        );
    }
}
