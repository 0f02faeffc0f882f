//! For how long somebody waited while nobody was answered. Where nobody comes, nobody waits: few customers are no outage.

use std::time::Duration;

use tokio::time::Instant;

use crate::Look;

/// The longest time between `since` and `until` in which somebody waited for a look, and none was answered.
pub fn waited(looks: &[Look], since: Instant, until: Instant) -> Duration {
    let mut looks: Vec<&Look> = looks.iter().filter(|look| look.ended >= since).collect();
    looks.sort_by_key(|look| look.ended);
    // From the end on: whoever comes first of those who are not answered yet has waited longest.
    let (mut first, mut answered, mut longest) = (until, until, Duration::ZERO);
    for look in looks.into_iter().rev() {
        if look.answered && look.ended <= until {
            longest = longest.max(answered - first.max(look.ended).min(answered));
            answered = look.ended;
        }
        first = first.min(look.began);
    }
    longest.max(answered - first.max(since).min(answered))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(start: Instant, all: &[(u64, u64, bool)]) -> Vec<Look> {
        let at = |second: u64| start + Duration::from_secs(second);
        let look = |(began, ended, answered): &(u64, u64, bool)| Look {
            began: at(*began),
            ended: at(*ended),
            answered: *answered,
        };
        all.iter().map(look).collect()
    }

    #[test]
    fn only_while_somebody_waits_are_reads_out() {
        let start = Instant::now();
        let at = |second: u64| start + Duration::from_secs(second);
        for (expected, all) in [
            // Answered at once, and nobody else came for long.
            (0, &[(1, 1, true), (9, 9, true)][..]),
            // Who came at 3 had it at 8.
            (5, &[(1, 1, true), (3, 8, true)]),
            // Of those, another one was answered meanwhile.
            (3, &[(1, 1, true), (3, 8, true), (4, 5, true)]),
            // Nobody was, from when the first of them came to the end.
            (6, &[(1, 1, true), (4, 9, false), (5, 20, true)]),
            // Who came before it counts from its beginning on.
            (2, &[(0, 2, true)]),
            (0, &[]),
        ] {
            let looks = looks(start, all);

            let since = if expected == 2 { at(0) } else { at(1) };
            let waited = waited(&looks, since, at(10));

            assert_eq!(waited, Duration::from_secs(expected), "{all:?}");
        }
    }
}
