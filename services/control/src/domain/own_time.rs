//! A time that stands still while this process does: nobody else is blamed for our own pauses.

use std::time::Duration;

/// How often it has to be looked at for it to go on.
pub const TICK: Duration = Duration::from_millis(20);
/// How much of it passes between two looks at most: whoever came later than this was held up.
const MOST: Duration = Duration::from_millis(40);

/// Time as this process has lived it.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnTime {
    lived: Duration,
    last: Duration,
}

impl OwnTime {
    /// Goes on, at a look while the machine's clock shows `clock`; tells how much was lived so far.
    pub fn look(&mut self, clock: Duration) -> Duration {
        self.lived += clock.saturating_sub(self.last).min(MOST);
        self.last = clock;
        self.lived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_with_the_clock_and_stands_still_in_a_pause() {
        let mut own = OwnTime::default();
        let mut lived = Duration::ZERO;
        for tick in 1..=50 {
            lived = own.look(TICK * tick);
        }
        assert_eq!(lived, Duration::from_secs(1));

        let after_a_pause = own.look(Duration::from_secs(61));

        assert_eq!(after_a_pause, Duration::from_secs(1) + MOST);
    }
}
