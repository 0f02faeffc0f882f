//! A blow as it fell, and by which rows the ledger of faults has it.

use std::time::Duration;

use drill::{Blow, Goal};
use time::OffsetDateTime;

use crate::ha::FaultRow;

/// How long a part that stands still may take to be noticed, and any other fault (`docs/faults.md`).
pub(super) const PAUSED: Duration = Duration::from_secs(10);
const ANY: Duration = Duration::from_secs(5);

/// A blow, as it fell.
#[derive(Debug)]
pub(super) struct Fallen {
    pub(super) blow: Blow,
    /// When.
    pub(super) at: OffsetDateTime,
    /// On what, by name.
    pub(super) names: Vec<String>,
    /// What else the ledger may call one of these, behind its name.
    pub(super) known: Vec<(String, String)>,
    /// The types of fault by one of which the ledger may have it.
    pub(super) seen_as: &'static [&'static str],
    /// Whether the ledger is claimed to have it.
    pub(super) claimed: bool,
    pub(super) goal: Goal,
}

impl Fallen {
    /// As it is claimed of a shop of processes; it falls now.
    pub(super) fn on(blow: Blow, names: Vec<String>) -> Self {
        Self {
            blow,
            at: OffsetDateTime::now_utc(),
            names,
            known: Vec::new(),
            seen_as: blow.seen_as(),
            claimed: !blow.seen_as().is_empty(),
            goal: blow.goal(),
        }
    }

    /// The rows of `ledger` that stand for it, one for each of its names; nothing, where one of them has none. Once it was
    /// `healed`, only those count that were there by then, or soon enough after the blow: what is seen of the healing is none.
    pub(super) fn rows<'a>(
        &self,
        ledger: &'a [FaultRow],
        healed: Option<OffsetDateTime>,
    ) -> Option<Vec<&'a FaultRow>> {
        let row = |name: &String| {
            let mut rows = ledger.iter();
            rows.find(|row| self.is_of(row, name) && self.is_in_time(row, healed))
        };
        self.names.iter().map(row).collect()
    }

    /// Whether `row` is of a type that is claimed, and of what is called `name`.
    fn is_of(&self, row: &FaultRow, name: &str) -> bool {
        let known = self.known.iter().filter(|(of, _)| of == name);
        let mut names = known.map(|(_, known)| known.as_str()).chain([name]);
        self.seen_as.contains(&row.kind.as_str()) && names.any(|name| name == row.component)
    }

    fn is_in_time(&self, row: &FaultRow, healed: Option<OffsetDateTime>) -> bool {
        let goal = if row.kind == "instance_paused" {
            PAUSED
        } else {
            ANY
        };
        let last = healed.map(|healed| healed.max(self.at + goal * Goal::FAR));
        row.detected_at >= self.at && last.is_none_or(|last| row.detected_at <= last)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use drill::{Kind, Part, Service};

    use super::*;

    /// A row of the ledger, `seconds` after `at`.
    pub(crate) fn row(at: OffsetDateTime, kind: &str, component: &str, seconds: u64) -> FaultRow {
        FaultRow {
            number: 1,
            kind: kind.to_owned(),
            component: component.to_owned(),
            detected_at: at + Duration::from_secs(seconds),
            took: 1.0,
            cause: None,
            resolution: None,
        }
    }

    fn fallen(kind: Kind, part: Part, names: &[&str]) -> Fallen {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Fallen::on(Blow { kind, part }, names)
    }

    #[test]
    fn a_row_stands_for_a_blow_by_its_type_and_by_whom_it_is_of() {
        let killed = fallen(Kind::Kill, Part::Instance(Service::Order, 1), &["order-1"]);
        let lost = Fallen {
            known: vec![("pg-1".to_owned(), "postgres".to_owned())],
            ..fallen(Kind::Kill, Part::Leader, &["pg-1"])
        };
        for (blow, kind, component, expected) in [
            (&killed, "instance_killed", "order-1", true),
            (&killed, "instance_killed", "order-2", false),
            (&killed, "instance_slow", "order-1", false),
            (&lost, "database_node_down", "pg-1", true),
            (&lost, "database_node_down", "pg-2", false),
            (&lost, "primary_lost", "postgres", true),
            (&lost, "primary_lost", "redis", false),
        ] {
            let ledger = [row(blow.at, kind, component, 2)];

            let found = blow.rows(&ledger, None).is_some();

            assert_eq!(found, expected, "{kind} of {component}");
        }
    }

    #[test]
    fn whatever_falls_on_several_is_recorded_only_with_a_row_for_each() {
        let names = ["etcd-1", "etcd-2", "etcd-3"];
        let gone = fallen(Kind::RegistryGone, Part::Registry, &names);
        let ledger = names.map(|name| row(gone.at, "instance_killed", name, 2));

        assert_eq!(gone.rows(&ledger, None).map(|rows| rows.len()), Some(3));
        assert!(gone.rows(&ledger[..2], None).is_none());
    }

    #[test]
    fn what_is_seen_before_the_blow_or_of_its_healing_stands_for_nothing() {
        let killed = fallen(Kind::Kill, Part::Etcd(1), &["etcd-1"]);
        let after = |seconds| killed.at + Duration::from_secs(seconds);
        let seen = |at, seconds| row(at, "instance_killed", "etcd-1", seconds);
        for (seen, healed, expected) in [
            (seen(killed.at - Duration::from_secs(9), 8), 12, false),
            (seen(killed.at, 2), 12, true),
            // Healed before anybody had to be sure.
            (seen(killed.at, 14), 12, true),
            (seen(killed.at, 39), 40, true),
            (seen(killed.at, 41), 40, false),
        ] {
            let found = killed.rows(std::slice::from_ref(&seen), Some(after(healed)));

            assert_eq!(found.is_some(), expected, "{:?}", seen.detected_at);
        }
    }
}
