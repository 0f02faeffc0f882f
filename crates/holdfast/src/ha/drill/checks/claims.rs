//! What has to hold, what was looked at, and where it does not.

use drill::{Checked, Findings, Imbalance, Totals};

/// All that was seen.
pub(super) struct Seen<'a> {
    pub(super) totals: &'a Totals,
    pub(super) findings: Findings,
    pub(super) books: Imbalance,
    /// What is wrong with the lock's history.
    pub(super) locks: Vec<String>,
    /// What the ledger of faults has not.
    pub(super) unrecorded: Vec<String>,
    /// How many kinds of faults were to be dealt, and those that were not.
    pub(super) planned: usize,
    pub(super) never: Vec<String>,
    /// Whether the ledger is claimed to have any of them.
    pub(super) faults_planned: bool,
    pub(super) stored: usize,
    /// How many writes the lock's resource took.
    pub(super) writes: usize,
}

/// The one thing that has to hold where nothing of what is stored can be read.
pub(super) fn unreadable(why: String) -> Checked {
    row("what is stored can be read", "databases", vec![why])
}

/// Holds all that was seen against what has to hold.
pub(super) fn checked(seen: Seen<'_>) -> Vec<Checked> {
    let Seen {
        totals,
        findings,
        books,
        ..
    } = seen;
    let (acknowledged, reads, stored) = (totals.acknowledged, totals.own_reads, seen.stored);
    let looked = |count: usize, found: Vec<String>| match count {
        0 => [found, vec!["looked at nothing".to_owned()]].concat(),
        _ => found,
    };
    let faults = if seen.faults_planned {
        looked(totals.faults, seen.unrecorded)
    } else {
        seen.unrecorded
    };
    vec![
        row(
            "every acknowledged order is stored",
            &format!("{acknowledged} acknowledged, {stored} stored"),
            looked(acknowledged, findings.lost),
        ),
        row(
            "no key has two orders, and no order is without a key",
            &format!("{stored} stored orders"),
            looked(stored, [findings.doubled, books.keys].concat()),
        ),
        row(
            "each order is stored as it was wished and told",
            &format!("{acknowledged} orders"),
            looked(acknowledged, findings.changed),
        ),
        row(
            "money is conserved: wallets, transfers, payments and orders agree",
            "every row of both databases",
            books.money,
        ),
        row(
            "stock is conserved and never negative: shelf, movements, holds and orders agree",
            "every row",
            [books.oversold, books.stock].concat(),
        ),
        row("every order comes to rest", "every saga", books.stuck),
        row(
            "whoever ordered reads it, at another door",
            &format!("{reads} own reads"),
            looked(reads, findings.stale),
        ),
        row(
            "no own read goes back behind an earlier one",
            &format!("{reads} own reads"),
            looked(reads, findings.backwards),
        ),
        row(
            "every unknown outcome is resolved by sending its key again",
            &format!(
                "{} unknown, {} of them replayed at the end",
                totals.unknown, totals.replayed
            ),
            findings.unresolved,
        ),
        row(
            "nobody with money is refused what is there",
            &format!("{acknowledged} orders"),
            looked(acknowledged, findings.refused),
        ),
        row(
            "every key is served in the end",
            &format!("{acknowledged} orders"),
            looked(acknowledged, findings.unserved),
        ),
        row(
            "a lock is held by one at a time, its tokens grow, and no write with an older token is taken",
            &format!(
                "{} grants, {} writes, {} late ones refused",
                totals.grants, seen.writes, totals.fenced
            ),
            looked(totals.grants.min(seen.writes), seen.locks),
        ),
        row(
            "every fault that is claimed to be seen is recorded and closed",
            &format!("{} faults", totals.faults),
            faults,
        ),
        row(
            "every kind of fault that can be dealt here is dealt",
            &format!("{} kinds", seen.planned),
            looked(seen.planned, seen.never),
        ),
    ]
}

fn row(what: &str, over: &str, found: Vec<String>) -> Checked {
    Checked {
        what: what.to_owned(),
        over: over.to_owned(),
        found,
    }
}

#[cfg(test)]
mod tests {
    use drill::Report;

    use super::*;

    fn looked_at() -> Totals {
        Totals {
            acknowledged: 7,
            own_reads: 14,
            grants: 3,
            faults: 2,
            ..Totals::default()
        }
    }

    fn seen(totals: &Totals) -> Seen<'_> {
        Seen {
            totals,
            findings: Findings::default(),
            books: Imbalance::default(),
            locks: Vec::new(),
            unrecorded: Vec::new(),
            planned: 13,
            never: Vec::new(),
            faults_planned: true,
            stored: 8,
            writes: 3,
        }
    }

    /// What of it does not hold.
    fn broken(checks: Vec<Checked>) -> Vec<String> {
        let broken = checks.into_iter().filter(|check| !check.found.is_empty());
        broken.map(|check| check.what).collect()
    }

    #[test]
    fn all_holds_where_nothing_was_found() {
        let totals = looked_at();

        let checks = checked(seen(&totals));

        assert_eq!(broken(checks), Vec::<String>::new());
    }

    #[test]
    fn whatever_is_planted_fails_one_check_and_the_drill() {
        let (totals, found) = (looked_at(), || vec!["drill-7".to_owned()]);
        let plant = |plant: for<'a, 'b> fn(&'a mut Seen<'b>) -> &'a mut Vec<String>| {
            let mut seen = seen(&totals);
            *plant(&mut seen) = found();
            checked(seen)
        };
        for (what, checks) in [
            ("every acknowledged", plant(|seen| &mut seen.findings.lost)),
            ("no key has", plant(|seen| &mut seen.findings.doubled)),
            ("no key has", plant(|seen| &mut seen.books.keys)),
            ("each order is", plant(|seen| &mut seen.findings.changed)),
            ("money is", plant(|seen| &mut seen.books.money)),
            ("stock is", plant(|seen| &mut seen.books.stock)),
            ("stock is", plant(|seen| &mut seen.books.oversold)),
            ("every order comes", plant(|seen| &mut seen.books.stuck)),
            ("whoever ordered", plant(|seen| &mut seen.findings.stale)),
            ("no own read", plant(|seen| &mut seen.findings.backwards)),
            ("every unknown", plant(|seen| &mut seen.findings.unresolved)),
            ("nobody with", plant(|seen| &mut seen.findings.refused)),
            ("every key", plant(|seen| &mut seen.findings.unserved)),
            ("a lock is", plant(|seen| &mut seen.locks)),
            ("every fault", plant(|seen| &mut seen.unrecorded)),
            ("every kind", plant(|seen| &mut seen.never)),
            (
                "what is stored",
                vec![unreadable("nobody leads".to_owned())],
            ),
        ] {
            let mut report = Report {
                checks: checks.clone(),
                ..Report::default()
            };
            report.judge();

            let broken = broken(checks);
            assert_eq!(broken.len(), 1, "{what}: {broken:?}");
            assert!(broken[0].starts_with(what), "{what}: {broken:?}");
            assert!(
                report
                    .against
                    .iter()
                    .any(|against| against.starts_with(what))
            );
        }
    }

    #[test]
    fn a_check_that_looked_at_nothing_does_not_hold() {
        let nothing = Totals::default();
        let mut none = seen(&nothing);
        (none.planned, none.stored, none.writes) = (0, 0, 0);

        let found = checked(none).into_iter().flat_map(|check| check.found);

        let found: Vec<String> = found.collect();
        assert_eq!(found, vec!["looked at nothing"; 10]);
    }

    #[test]
    fn where_no_fault_is_claimed_to_be_seen_the_ledger_may_be_empty() {
        let unclaimed = Totals {
            faults: 0,
            ..looked_at()
        };
        let seen = Seen {
            faults_planned: false,
            ..seen(&unclaimed)
        };

        assert_eq!(broken(checked(seen)), Vec::<String>::new());
    }
}
