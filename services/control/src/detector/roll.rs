//! Counts who was heard of, for metrics.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use metrics::gauge;

use crate::domain::presence::{Presence, State};
use crate::tools::Tools;

/// How often they are counted.
const PERIOD: Duration = Duration::from_secs(1);

/// Each state, and the word for it.
const STATES: [(State, &str); 4] = [
    (State::Starting, "starting"),
    (State::Up, "up"),
    (State::Draining, "draining"),
    (State::Silent, "silent"),
];

/// How many instances of each service are in which state.
type Counts = BTreeMap<(String, &'static str), u32>;

/// Counts again and again. Of a service that is heard of no more, none is left.
pub(super) async fn count(tools: Tools) {
    let mut counts = Counts::new();
    loop {
        let heard = tools.roll().all(Instant::now());
        let heard = heard.into_iter().map(|one| tools.seen(one));
        take(&mut counts, heard);
        for ((service, state), count) in &counts {
            gauge!("registry_instances", "service" => service.clone(), "state" => *state)
                .set(*count);
        }
        tokio::time::sleep(PERIOD).await;
    }
}

fn take(counts: &mut Counts, heard: impl Iterator<Item = Presence>) {
    for count in counts.values_mut() {
        *count = 0;
    }
    for one in heard {
        for (state, word) in STATES {
            let count = counts.entry((one.report.service.clone(), word));
            *count.or_default() += u32::from(state == one.state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::presence::{Report, Roll};
    use time::OffsetDateTime;

    #[test]
    fn whoever_left_is_counted_no_more() {
        let (mut roll, now) = (Roll::default(), Instant::now());
        for (instance, ready) in [("order-1", true), ("order-2", true), ("order-3", false)] {
            let report = Report {
                instance: instance.to_owned(),
                service: "order".to_owned(),
                ready,
                ..Report::default()
            };
            roll.hear(report, now, OffsetDateTime::UNIX_EPOCH);
        }
        let mut counts = Counts::new();

        take(&mut counts, roll.all(now).into_iter());
        let first = counts.clone();
        take(&mut counts, std::iter::empty());

        let count = |counts: &Counts, state| counts[&("order".to_owned(), state)];
        assert_eq!((count(&first, "up"), count(&first, "starting")), (2, 1));
        assert_eq!((count(&first, "silent"), count(&counts, "up")), (0, 0));
    }
}
