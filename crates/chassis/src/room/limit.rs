//! The limit that follows what an instance can do: as many requests as it answers unhurried, and a short queue.

use std::time::{Duration, Instant};

use super::Bounds;

/// How long the limit is held before it is looked at again; a tenth of the second in which all must be normal again.
const WINDOW: Duration = Duration::from_millis(100);
/// Fewer answers than this say nothing.
const ENOUGH: u32 = 8;
/// An answer may take this many times as long as an unhurried one: what works in groups has everybody wait for one
/// group and then be in the next, which takes twice as long and is no overload.
const PATIENCE: usize = 2;
/// So many may always wait: chance alone makes several come at once.
const QUEUE: usize = 8;
/// The limit is raised and lowered by one part in this at a time.
const STEP: usize = 10;

/// The limit itself. It reads no clock: whoever uses it says what time it is.
pub(crate) struct Limit {
    bounds: Bounds,
    now: usize,
    window: Window,
    /// Whether nobody had met the limit in the window before.
    calm: bool,
}

/// What has ended since it began.
struct Window {
    begun: Instant,
    ended: u32,
    /// The time that those requests spent here.
    spent: Duration,
    /// The time that those of them that were answered would have spent unhurried.
    unhurried: Duration,
    /// Whether the limit stood in anybody's way.
    met: bool,
}

impl Limit {
    /// Begins in the middle between floor and ceiling, as ratios go: the first rush finds room, the first flood is short.
    pub(crate) fn new(bounds: Bounds, now: Instant) -> Self {
        Self {
            bounds,
            now: (bounds.floor * bounds.ceiling).isqrt(),
            window: Window::new(now),
            calm: true,
        }
    }

    /// How many requests may be here at once.
    pub(crate) fn now(&self) -> usize {
        self.now
    }

    /// Moves between `bounds` from now on.
    pub(crate) fn rebound(&mut self, bounds: Bounds) {
        self.bounds = bounds;
        self.now = self.now.clamp(bounds.floor, bounds.ceiling);
    }

    /// Whether what ends now was not hurried by others.
    pub(crate) fn calm(&self) -> bool {
        self.calm && !self.window.met
    }

    /// Notes that the limit stood in a request's way.
    pub(crate) fn met(&mut self) {
        self.window.met = true;
    }

    /// Notes that a request has ended that was here for `spent`, and would have been for `unhurried`; says whether the
    /// limit was looked at again.
    pub(crate) fn ended(&mut self, spent: Duration, unhurried: Duration, now: Instant) -> bool {
        self.window.ended += 1;
        self.window.spent += spent;
        self.window.unhurried += unhurried;
        let length = now.saturating_duration_since(self.window.begun);
        let over = length >= WINDOW && self.window.ended >= ENOUGH;
        if over {
            let window = std::mem::replace(&mut self.window, Window::new(now));
            self.calm = !window.met;
            self.now = self.next(&window, length);
        }
        over
    }

    /// By Little's law the time spent here in a second is how many were here, and the unhurried time how many would have
    /// been, had nobody waited for another.
    fn next(&self, window: &Window, length: Duration) -> usize {
        let many = |time: Duration| {
            usize::try_from(time.as_nanos() / length.as_nanos().max(1)).unwrap_or(usize::MAX)
        };
        let here = many(window.spent);
        let wanted = many(window.unhurried).saturating_mul(PATIENCE) + QUEUE;
        let next = if here > wanted {
            // As far down as it is crowded: those who may use a share of it only do not fill it.
            // One step at a time, too: browsing stops at once, and checkouts find room while those who are here leave.
            let less = wanted.max(self.now * wanted / here);
            less.max(self.now - (self.now / STEP).max(1)).min(self.now)
        } else if window.met {
            self.now + (self.now / STEP).max(1)
        } else {
            self.now
        };
        next.clamp(self.bounds.floor, self.bounds.ceiling)
    }
}

impl Window {
    fn new(begun: Instant) -> Self {
        Self {
            begun,
            ended: 0,
            spent: Duration::ZERO,
            unhurried: Duration::ZERO,
            met: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        floor: 4,
        ceiling: 1_024,
    };
    const UNHURRIED: Duration = Duration::from_millis(20);

    /// An instance that works on eight at a time, with as many before it as its limit lets in, for some seconds.
    fn flooded(limit: &mut Limit, begun: Instant, seconds: u64) {
        for millis in (0..seconds * 1_000).step_by(20) {
            let spent = UNHURRIED * u32::try_from(limit.now().div_ceil(8)).unwrap();
            for _ in 0..8.min(limit.now()) {
                limit.met();
                limit.ended(spent, UNHURRIED, begun + Duration::from_millis(millis));
            }
        }
    }

    #[test]
    fn a_flood_brings_the_limit_to_what_the_instance_can_do() {
        let begun = Instant::now();
        let mut limit = Limit::new(BOUNDS, begun);
        assert_eq!(limit.now(), 64);

        flooded(&mut limit, begun, 4);

        assert!((16..=40).contains(&limit.now()), "{}", limit.now());
    }

    #[test]
    fn a_flood_that_lasts_for_an_hour_changes_nothing_more() {
        let begun = Instant::now();
        let mut limit = Limit::new(BOUNDS, begun);

        flooded(&mut limit, begun, 3_600);

        assert!((16..=40).contains(&limit.now()), "{}", limit.now());
    }

    #[test]
    fn a_limit_that_is_too_low_is_raised_and_one_that_nobody_meets_is_not() {
        let (begun, mut limits) = (
            Instant::now(),
            [0, 1].map(|_| Limit::new(BOUNDS, Instant::now())),
        );
        for millis in 0..10_000 {
            limits[0].met();
            for limit in &mut limits {
                let now = begun + Duration::from_millis(millis);
                limit.ended(UNHURRIED, UNHURRIED, now);
            }
        }

        assert_eq!(limits.map(|limit| limit.now()), [1_024, 64]);
    }

    #[test]
    fn an_instance_on_which_all_fail_late_is_let_down_to_its_floor() {
        let begun = Instant::now();
        let mut limit = Limit::new(BOUNDS, begun);
        for millis in 0..10_000 {
            let late = Duration::from_secs(1);
            limit.ended(late, Duration::ZERO, begun + Duration::from_millis(millis));
        }

        assert_eq!(limit.now(), QUEUE);
    }
}
