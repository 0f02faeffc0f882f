//! A mistake is planted into the shop's databases, in place of one in its services: the drill finds it, and names what it broke.

mod keys;
mod lost;
mod payments;
mod replays;

use std::time::Duration;

use drill::{Blow, Kind, Part, Report, Round};
use holdfast::ha::Shop;
use holdfast::ha::drill::{Against, Asked, judged};
use holdfast::say;
use stack::Folder;
use tokio_util::sync::CancellationToken;

/// Ends every connection of the services', so that they come again as their roles are set by now.
const ANEW: (&str, &str) = (
    "postgres",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename in ('order', 'user', 'control', 'drill')",
);

/// What names an order that was told of and is not there.
const LOST: [&str; 3] = ["drill-", "customer ", "sent at "];

/// A shop with something planted into it; nothing, where the right one is drilled by the same course.
struct Planted {
    /// Statements, each with the database that it is run in.
    plants: &'static [(&'static str, &'static str)],
    /// What its services are set to.
    settings: &'static [(&'static str, &'static str)],
    /// How many customers come each second.
    rate: u32,
}

/// What was found.
struct Found(Report);

impl Planted {
    /// A shop in which `plants` stand.
    fn new(plants: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            plants,
            settings: &[],
            rate: 6,
        }
    }

    /// The same, with so many customers each second.
    fn visited_by(self, rate: u32) -> Self {
        Self { rate, ..self }
    }

    /// The same, its services set to `settings`.
    fn set_to(self, settings: &'static [(&'static str, &'static str)]) -> Self {
        Self { settings, ..self }
    }

    /// Drills it by `rounds`.
    async fn drilled(self, rounds: Vec<Round>) -> Found {
        let folder = Folder::scratch().unwrap();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let asked = Asked {
            minutes: 1,
            seed: Some(7),
            only: Vec::new(),
            report: folder.path().to_owned(),
            rate: self.rate,
            against: Against::Ha,
            plan: false,
            apart: false,
            program: Some(env!("CARGO_BIN_EXE_holdfast").into()),
            settings: self.settings.iter().map(owned).collect(),
        };
        let before = async |shop: &Shop| {
            for (database, plant) in self.plants {
                shop.cluster().leader().await?.run(database, plant).await?;
            }
            Ok(())
        };
        let report = judged(&asked, rounds, CancellationToken::new(), before).await;
        let report = report.unwrap().unwrap();
        say::line(format_args!("{:#?}", report.against));
        Found(report)
    }
}

impl Found {
    /// It does not pass, and says why: `what` does not hold, with all of `words`, which name the operation.
    fn has_against(&self, what: &str, words: &[&str]) {
        assert!(!self.0.passed());
        let against = &self.0.against;
        let found = against.iter().find(|found| found.starts_with(what));
        let found = found.unwrap_or_else(|| panic!("{against:#?}"));
        for words in words {
            assert!(found.contains(words), "`{words}` is not in: {found}");
        }
    }

    /// Nothing is against it, but perhaps what is expected.
    fn has_nothing_against_but(&self, expected: &[&str]) {
        let is_expected = |found: &&String| expected.iter().any(|what| found.starts_with(what));
        let others: Vec<_> = self
            .0
            .against
            .iter()
            .filter(|found| !is_expected(found))
            .collect();
        assert!(others.is_empty(), "{others:#?}");
        assert!(
            self.0.totals.acknowledged > 10,
            "{}",
            self.0.totals.acknowledged
        );
    }
}

/// The same round over and over: its blows fall one after the other, a while apart.
fn rounds(count: usize, blows: &[(Kind, Part)]) -> Vec<Round> {
    let blow = |(kind, part): &(Kind, Part)| Blow {
        kind: *kind,
        part: *part,
    };
    let round = Round {
        blows: blows.iter().map(blow).collect(),
        apart: Duration::from_secs(2),
        hold: Duration::from_secs(8),
    };
    vec![round; count]
}
