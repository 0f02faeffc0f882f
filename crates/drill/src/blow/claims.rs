//! What is claimed of each blow: by which types the ledger of faults has it, and what it may cost.

use crate::{Blow, Goal, Kind, Part, Service};

impl Blow {
    /// The types of fault by one of which the ledger has it; none, where it is not claimed to see it.
    pub fn seen_as(self) -> &'static [&'static str] {
        match (self.kind, self.part) {
            (_, Part::Sentinel(_))
            | (
                Kind::Loss
                | Kind::ClockJump
                | Kind::DroppedCaches
                | Kind::DnsGone
                | Kind::HoldBack
                | Kind::CutShort,
                _,
            )
            | (Kind::Delay | Kind::Slow, Part::Leader | Part::Standby | Part::Cache) => &[],
            (Kind::DiskFull, _) => &["disk_full", "database_node_down"],
            (Kind::Expired, _) => &["certificate_expiring"],
            (Kind::RegistryGone, _) => &["instance_killed"],
            (_, Part::Leader) => &["database_node_down", "primary_lost"],
            (_, Part::Standby | Part::Disk) => &["database_node_down"],
            (_, Part::Cache) => &["redis_node_down", "redis_primary_lost"],
            (Kind::Kill, _) => &["instance_killed"],
            (Kind::Pause | Kind::OneWay, _) => &["instance_paused"],
            (Kind::Slow, _) => &["instance_slow", "instance_paused"],
            (Kind::Cut, _) => &["instance_cut"],
            (Kind::Delay | Kind::SlowDependency, _) => &["instance_slow"],
        }
    }

    /// What it may cost.
    pub fn goal(self) -> Goal {
        Goal::seconds(match (self.kind, self.part) {
            (Kind::Kill, Part::Leader) => 8,
            (Kind::DiskFull, _) | (Kind::Pause | Kind::Slow | Kind::Cut, Part::Leader) => 22,
            (_, Part::Leader | Part::Standby) => 10,
            // In mid-transaction it holds its rows until Postgres ends that, after 3 s.
            (Kind::Pause | Kind::Slow | Kind::OneWay, Part::Instance(Service::Order, _)) => 5,
            (_, Part::Registry | Part::Every(_)) => 4,
            _ => 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_killed_paused_or_cut_is_seen_but_for_the_sentinels_that_nobody_watches() {
        for kind in [Kind::Kill, Kind::Pause, Kind::Cut] {
            for part in kind.parts() {
                let seen = !Blow { kind, part }.seen_as().is_empty();
                assert_eq!(
                    seen,
                    !matches!(part, Part::Sentinel(_)),
                    "{kind:?} {part:?}"
                );
            }
        }
    }
}
