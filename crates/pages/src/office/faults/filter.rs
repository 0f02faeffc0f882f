//! By what faults are chosen: whether they last, their kind, when, and who had them.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::look::Frame;
use crate::office::Asked;
use crate::office::sheet::Filter;

const KINDS: [&str; 15] = [
    "instance_killed",
    "instance_paused",
    "instance_slow",
    "instance_cut",
    "instance_ejected",
    "database_node_down",
    "primary_lost",
    "replication_lag",
    "database_unreachable",
    "redis_node_down",
    "redis_primary_lost",
    "disk_full",
    "certificate_expiring",
    "backup_stale",
    "lock_overdue",
];

/// All filters of the list.
pub(super) fn all(frame: &Frame, asked: &Asked) -> Vec<Filter> {
    let o = frame.o;
    let kinds = KINDS.map(|kind| (kind, o.word(kind)));
    let kinds = [("", o.all)].into_iter().chain(kinds).collect();
    let open = vec![("", o.all), ("true", o.open_only)];
    let periods = vec![
        ("", o.always),
        ("hour", o.last_hour),
        ("day", o.last_day),
        ("week", o.last_week),
    ];
    vec![
        Filter::choice("open", o.state, asked.get("open"), open),
        Filter::choice("type", o.kind, asked.get("type"), kinds),
        Filter::choice("period", o.period, asked.get("period"), periods),
        Filter::text("component", o.component, asked.get("component")),
    ]
}

/// The moment from which on faults count.
pub(super) fn since(period: &str, now: OffsetDateTime) -> Option<String> {
    let back = match period {
        "hour" => Duration::HOUR,
        "day" => Duration::DAY,
        "week" => Duration::WEEK,
        _ => return None,
    };
    (now - back).format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_now() {
        let now = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();

        assert_eq!(since("hour", now).unwrap(), "2023-11-14T21:13:20Z");
        assert_eq!(since("day", now).unwrap(), "2023-11-13T22:13:20Z");
        assert_eq!(since("", now), None);
    }
}
