//! How long guessing is held up.

use std::time::Duration;

/// How many wrong passwords in a row cost nothing: people mistype.
const FREE: u32 = 4;
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(15);

/// How long the next password has to wait after `failures` wrong ones in a row: nothing at first, then twice as long each
/// time, up to a quarter of an hour.
pub fn wait(failures: u32) -> Duration {
    let Some(beyond) = failures.checked_sub(FREE + 1) else {
        return Duration::ZERO;
    };
    let seconds = 1_u64.checked_shl(beyond).unwrap_or(u64::MAX);
    Duration::from_secs(seconds).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wait_begins_with_the_fifth_wrong_password_and_doubles() {
        let waits: Vec<u64> = (1..=8).map(|failures| wait(failures).as_secs()).collect();

        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8]);
    }

    proptest! {
        #[test]
        fn one_more_failure_never_waits_less_nor_more_than_a_quarter_of_an_hour(failures in 0..u32::MAX) {
            prop_assert!(wait(failures) <= wait(failures + 1));
            prop_assert!(wait(failures + 1) <= LONGEST);
        }
    }
}
