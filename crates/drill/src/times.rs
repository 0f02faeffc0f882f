//! How long things took, and how long nothing was heard.

use std::time::Duration;

use tokio::time::Instant;

/// The longest time between `since` and `until` without one of `moments`.
pub(crate) fn longest(mut moments: Vec<Instant>, since: Instant, until: Instant) -> Duration {
    moments.retain(|at| (since..=until).contains(at));
    moments.extend([since, until]);
    // Of several customers, so not quite in order.
    moments.sort_unstable();
    let gaps = moments.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or_default()
}

/// The time that so many of a hundred took at most; nothing, where there are none.
pub(crate) fn percentile(mut took: Vec<Duration>, percent: usize) -> Duration {
    took.sort_unstable();
    let at = (took.len() * percent).div_ceil(100).saturating_sub(1);
    took.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn silence_is_counted_from_the_beginning_and_to_the_end() {
        let start = Instant::now();
        let at = |second: u64| start + seconds(second);

        assert_eq!(longest(vec![at(4), at(1), at(2)], at(0), at(5)), seconds(2));
        assert_eq!(longest(vec![at(4)], at(0), at(5)), seconds(4));
        assert_eq!(longest(vec![at(1)], at(0), at(5)), seconds(4));
        assert_eq!(longest(vec![at(1), at(9)], at(2), at(7)), seconds(5));
        assert_eq!(longest(vec![], at(0), at(3)), seconds(3));
    }

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let hundred: Vec<Duration> = (1..=100).map(seconds).collect();

        assert_eq!(percentile(hundred.clone(), 99), seconds(99));
        assert_eq!(percentile(hundred, 50), seconds(50));
        assert_eq!(percentile(vec![seconds(7)], 99), seconds(7));
        assert_eq!(percentile(vec![], 99), Duration::ZERO);
    }
}
