//! Floods without a machine: an instance of known capacity and its limit, in made-up time, so that figures are exact.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::ops::Range;
use std::time::{Duration, Instant};

use api::Priority;

use super::limit::Limit;
use super::pace::Pace;
use super::{Bounds, share};

/// What is worked on, and how.
#[derive(Clone, Copy)]
enum Works {
    /// So many at a time, 20 ms each.
    Slots(usize),
    /// All that wait, together: 8 ms for the group and 70 us for each.
    Groups,
}

/// What came of a flood, in its last part.
struct Flood {
    answered: u32,
    served: f64,
    longest: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A checkout, or else somebody who browses.
    Comes(bool),
    /// So many are answered.
    Done(usize),
}

/// An instance that is flooded. Times are microseconds from the beginning.
struct Flooded {
    works: Works,
    limit: Limit,
    begun: Instant,
    paces: HashMap<bool, Pace>,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    waiting: VecDeque<(bool, u64)>,
    working: VecDeque<(bool, u64)>,
    /// What is told of.
    told: Range<u64>,
    /// Browsing, then checkouts.
    sent: [u32; 2],
    answered: [u32; 2],
    longest: u64,
}

const MILLI: u64 = 1_000;
const SECOND: u64 = 1_000 * MILLI;

/// Sends `checkout` and `browsing` a second for `seconds`, evenly; tells of nine of the last ten. An answer after a second is
/// none.
fn flood(works: Works, bounds: Bounds, checkout: u64, browsing: u64, seconds: u64) -> Flood {
    let begun = Instant::now();
    let mut flooded = Flooded {
        works,
        limit: Limit::new(bounds, begun),
        begun,
        paces: HashMap::new(),
        events: [true, false]
            .map(|first| Reverse((1, Event::Comes(first))))
            .into(),
        waiting: VecDeque::new(),
        working: VecDeque::new(),
        told: (seconds - 10) * SECOND..(seconds - 1) * SECOND,
        sent: [0; 2],
        answered: [0; 2],
        longest: 0,
    };
    while let Some(Reverse((now, event))) = flooded.events.pop()
        && now < seconds * SECOND
    {
        match event {
            Event::Comes(first) => {
                let rate = if first { checkout } else { browsing };
                flooded.events.push(Reverse((now + SECOND / rate, event)));
                flooded.comes(first, now);
            }
            Event::Done(many) => flooded.done(many, now),
        }
        flooded.work(now);
    }
    Flood {
        answered: flooded.answered.iter().sum::<u32>() / 9,
        served: f64::from(flooded.answered[1]) / f64::from(flooded.sent[1]),
        longest: Duration::from_micros(flooded.longest),
    }
}

impl Flooded {
    fn comes(&mut self, first: bool, now: u64) {
        let priority = [Priority::Browsing, Priority::Checkout][usize::from(first)];
        self.sent[usize::from(first)] += u32::from(self.told.contains(&now));
        if self.waiting.len() + self.working.len() >= share(priority, self.limit.now()) {
            self.limit.met();
        } else {
            self.waiting.push_back((first, now));
        }
    }

    fn done(&mut self, many: usize, now: u64) {
        for _ in 0..many {
            let (first, came) = self.working.pop_front().unwrap();
            let took = Duration::from_micros(now - came);
            let pace = self.paces.entry(first).or_default();
            let mut unhurried = Duration::ZERO;
            if took < Duration::from_secs(1) {
                unhurried = pace.unhurried(took);
                pace.note(took, self.limit.calm());
                if self.told.contains(&now) {
                    self.answered[usize::from(first)] += 1;
                    self.longest = self.longest.max(now - came);
                }
            }
            let at = self.begun + Duration::from_micros(now);
            self.limit.ended(took, unhurried, at);
        }
    }

    /// Takes up what it has hands for.
    fn work(&mut self, now: u64) {
        match self.works {
            Works::Slots(slots) => {
                while self.working.len() < slots && !self.waiting.is_empty() {
                    self.working.extend(self.waiting.pop_front());
                    let end = now + 20 * MILLI;
                    self.events.push(Reverse((end, Event::Done(1))));
                }
            }
            Works::Groups if self.working.is_empty() && !self.waiting.is_empty() => {
                self.working.append(&mut self.waiting);
                let many = self.working.len();
                let end = now + 8 * MILLI + 70 * u64::try_from(many).unwrap();
                self.events.push(Reverse((end, Event::Done(many))));
            }
            Works::Groups => {}
        }
    }
}

const BOUNDS: Bounds = Bounds {
    floor: 4,
    ceiling: 1_024,
};

#[test]
fn three_times_what_it_can_do_for_five_minutes_costs_no_answer_and_no_checkout() {
    let flood = flood(Works::Slots(8), BOUNDS, 200, 1_000, 300);

    assert!(flood.answered >= 390, "{} of 400", flood.answered);
    assert!(flood.served > 0.99, "{}", flood.served);
    assert!(
        flood.longest < Duration::from_millis(200),
        "{:?}",
        flood.longest
    );
}

#[test]
fn without_a_limit_that_follows_nobody_is_answered_in_time() {
    let bounds = Bounds {
        floor: 1_024,
        ..BOUNDS
    };

    let flood = flood(Works::Slots(8), bounds, 200, 1_000, 30);

    assert_eq!(flood.answered, 0);
}

#[test]
fn checkouts_alone_may_fill_all_of_it() {
    let flood = flood(Works::Slots(8), BOUNDS, 1_200, 1, 60);

    assert!(flood.answered >= 390, "{} of 400", flood.answered);
}

#[test]
fn an_instance_that_works_in_groups_is_not_taken_for_a_crowded_one() {
    let flood = flood(Works::Groups, BOUNDS, 5_000, 1_000, 30);

    assert!(flood.answered >= 5_900, "{} of 6,000", flood.answered);
}
