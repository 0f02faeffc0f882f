//! What customers had, second by second.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::times::percentile;
use crate::{Act, Errand};

/// Whoever is served within this has noticed nothing.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Those who came within one second.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Second {
    /// Those who came to order.
    pub writes: Share,
    /// Those who came to look.
    pub reads: Share,
}

/// What became of some who came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Served within a second, at the first attempt.
    pub at_once: usize,
    /// Served later, or not at the first attempt.
    pub late: usize,
    /// Not served.
    pub failed: usize,
}

/// How long it took those who came within some seconds, and were served.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Window {
    /// When it begins, in seconds.
    pub at: f64,
    /// What 50 and 99 of a hundred orders took at most, in seconds; nothing where there were none.
    pub writes: Option<[f64; 2]>,
    /// The same of looks.
    pub reads: Option<[f64; 2]>,
}

impl Share {
    /// How many came.
    pub fn all(self) -> usize {
        self.at_once + self.late + self.failed
    }

    fn count(&mut self, errand: &Errand) {
        let took = errand.ended - errand.came;
        *match (errand.served, took <= AT_ONCE && errand.sent <= 1) {
            (false, _) => &mut self.failed,
            (true, true) => &mut self.at_once,
            (true, false) => &mut self.late,
        } += 1;
    }
}

/// Counts `errands` by the second after `start` in which they came.
pub fn seconds(errands: &[Errand], start: Instant) -> Vec<Second> {
    let mut all: Vec<Second> = Vec::new();
    for errand in errands {
        let at = after(errand, start);
        if all.len() <= at {
            all.resize(at + 1, Second::default());
        }
        match errand.act {
            act if act.writes() => all[at].writes.count(errand),
            Act::Look => all[at].reads.count(errand),
            _ => {}
        }
    }
    all
}

/// Measures `errands` over windows of `width` seconds after `start`.
pub fn windows(errands: &[Errand], start: Instant, width: usize) -> Vec<Window> {
    let mut all: Vec<[Vec<Duration>; 2]> = Vec::new();
    for errand in errands
        .iter()
        .filter(|errand| errand.served && errand.act != Act::SignIn)
    {
        let at = after(errand, start) / width.max(1);
        if all.len() <= at {
            all.resize_with(at + 1, Default::default);
        }
        all[at][usize::from(errand.act == Act::Look)].push(errand.ended - errand.came);
    }
    let times = |took: &Vec<Duration>| {
        let at = |percent| percentile(took.clone(), percent).as_secs_f64();
        (!took.is_empty()).then(|| [at(50), at(99)])
    };
    let windows = all.iter().enumerate().map(|(at, [writes, reads])| Window {
        at: seconds_of(at * width),
        writes: times(writes),
        reads: times(reads),
    });
    windows.collect()
}

fn after(errand: &Errand, start: Instant) -> usize {
    let after = errand.came.saturating_duration_since(start).as_secs();
    usize::try_from(after).unwrap_or(usize::MAX)
}

fn seconds_of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_is_counted_in_the_second_in_which_they_came() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let errand = |act, came, ended, sent, served| Errand {
            act,
            came: at(came),
            ended: at(ended),
            sent,
            served,
        };
        let errands = [
            errand(Act::Order, 100, 200, 1, true),
            errand(Act::Cart, 900, 2_500, 1, true),
            errand(Act::Order, 950, 1_200, 2, true),
            errand(Act::Look, 1_100, 1_150, 1, true),
            errand(Act::Look, 1_900, 9_000, 4, false),
            errand(Act::SignIn, 1_000, 1_100, 1, true),
        ];

        let seconds = seconds(&errands, start);
        let windows = windows(&errands, start, 1);

        assert_eq!(seconds.len(), 2);
        let share = |at_once, late, failed| Share {
            at_once,
            late,
            failed,
        };
        assert_eq!(seconds[0].writes, share(1, 2, 0));
        assert_eq!(seconds[1].reads, share(1, 0, 1));
        assert_eq!(windows[0].writes, Some([0.25, 1.6]));
        assert_eq!(windows[1].reads, Some([0.05, 0.05]));
        assert_eq!(windows[1].writes, None);
    }
}
