//! What a round takes for recorded, and what it does where it is not answered.

use std::sync::Mutex;

use anyhow::{bail, ensure};
use db::Db;
use drill::{Blow, Door, Kind, Service};
use sqlx::PgPool;

use super::super::Asked;
use super::super::fallen::tests::row;
use super::super::form::{Facts, Told, Way};
use super::*;

const ENOUGH: Duration = Duration::from_secs(5);
const NAMES: [&str; 2] = ["news-1", "news-2"];

/// A round in which every news service was slow, with the rows of `ledger` of it, all closed.
pub(crate) fn went(ledger: &[&str]) -> Went {
    let blow = Blow {
        kind: Kind::SlowDependency,
        part: Part::Every(Service::News),
    };
    let round = Round {
        blows: vec![blow],
        apart: Duration::ZERO,
        hold: Duration::ZERO,
    };
    let fallen = Fallen::on(blow, NAMES.map(str::to_owned).into());
    let rows = ledger.iter().map(|name| FaultRow {
        resolution: Some("resumed".to_owned()),
        ..row(fallen.at, "instance_slow", name, 3)
    });
    Went {
        ledger: rows.collect(),
        fallen: vec![fallen],
        ..Went::begun(1, &round)
    }
}

#[test]
fn a_round_is_settled_when_each_of_its_parts_is_in_the_ledger_and_closed() {
    let went = went(&NAMES);

    assert_eq!(went.unsettled(), Vec::<String>::new());
    assert_eq!(went.counted(), (1, 1));
    assert_eq!(went.detected_after(), Some(1.0));
}

#[test]
fn a_planted_gap_in_the_ledger_is_missed() {
    for ledger in [&NAMES[..0], &NAMES[..1]] {
        let went = went(ledger);

        assert_eq!(went.counted(), (1, 0), "{ledger:?}");
        let unsettled = went.unsettled();
        assert_eq!(unsettled.len(), 1, "{unsettled:?}");
        assert!(unsettled[0].contains("the ledger has nothing of it: slow-dependency"));
    }
}

#[test]
fn a_planted_row_that_stays_open_is_told() {
    let mut went = went(&NAMES);
    went.ledger[1].resolution = None;

    let unsettled = went.unsettled();

    assert_eq!(unsettled.len(), 1, "{unsettled:?}");
    assert!(unsettled[0].starts_with("still open in the ledger: instance_slow of news-2"));
    assert_eq!(went.counted(), (1, 0));
}

#[tokio::test]
async fn whoever_does_not_answer_is_asked_again_and_given_up_within_a_limit() {
    let mut asked = 0;

    let late = answered(ENOUGH, async || {
        asked += 1;
        if asked < 3 {
            bail!("nobody leads");
        }
        Ok(asked)
    });
    let late = late.await;
    let never = answered(Duration::ZERO, async || -> anyhow::Result<()> {
        bail!("nobody leads")
    });
    let never = never.await;

    assert_eq!(late.unwrap(), 3);
    assert!(never.unwrap_err().to_string().contains("nobody leads"));
}

/// A form that only notes what is done to it: nothing can be done to the edge, and its ledger answers or does not.
struct Noted {
    done: Mutex<Vec<String>>,
    answers: bool,
}

impl Noted {
    fn new(answers: bool) -> Self {
        Self {
            done: Mutex::default(),
            answers,
        }
    }

    fn note(&self, done: &str) {
        self.done.lock().unwrap().push(done.to_owned());
    }

    fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }
}

impl Form for Noted {
    const SETTLED: Duration = Duration::ZERO;

    fn refuses(_kind: Kind) -> Option<&'static str> {
        None
    }

    async fn open(_asked: &Asked) -> anyhow::Result<Self> {
        Ok(Self::new(true))
    }

    fn doors(&self) -> &[Door] {
        &[]
    }

    fn not_reached(&self) -> Facts {
        Facts::new()
    }

    async fn strike(&self, blow: Blow) -> anyhow::Result<Fallen> {
        ensure!(blow.part != Part::Edge, "there is no edge");
        self.note(&blow.to_string());
        Ok(Fallen::on(blow, vec![blow.part.to_string()]))
    }

    async fn heal(&self) {
        self.note("heal");
    }

    async fn healed(&self) -> anyhow::Result<()> {
        self.note("healed");
        Ok(())
    }

    async fn store(&self, _name: &str) -> anyhow::Result<PgPool> {
        bail!("nobody leads")
    }

    async fn provide(&self, _name: &str) -> anyhow::Result<Db> {
        bail!("nobody leads")
    }

    async fn locks(&self) -> anyhow::Result<Way> {
        bail!("nobody leads")
    }

    async fn told(&self) -> Told {
        Told {
            form: String::new(),
            durability: "",
            settings: Facts::new(),
            versions: Facts::new(),
        }
    }

    async fn close(self) {}

    async fn faults(&self, _last: i64) -> anyhow::Result<Vec<FaultRow>> {
        ensure!(self.answers, "nobody leads");
        Ok(Vec::new())
    }
}

/// Caches are dropped, and the edge's certificate expires: nobody is claimed to see the first, and the second cannot be done.
fn pair() -> Round {
    let blow = |(kind, part)| Blow { kind, part };
    Round {
        blows: [
            (Kind::DroppedCaches, Part::Cache),
            (Kind::Expired, Part::Edge),
        ]
        .map(blow)
        .into(),
        apart: Duration::ZERO,
        hold: Duration::ZERO,
    }
}

#[tokio::test]
async fn a_pair_of_which_one_half_cannot_be_dealt_is_told_and_waited_for_as_any_other() {
    let form = Noted::new(true);

    let went = one(&form, 1, &pair()).await;

    let half = pair().blows[0].to_string();
    assert_eq!(form.done(), [half.as_str(), "heal", "healed"]);
    assert_eq!(went.parts(), ["the Redis that leads"]);
    assert_eq!(
        went.wrong,
        ["could not be dealt: expired: the edge's certificate: there is no edge"]
    );
}

#[tokio::test]
async fn nothing_is_dealt_and_that_is_told_where_the_ledger_does_not_answer() {
    let form = Noted::new(false);

    let went = one(&form, 1, &pair()).await;

    assert_eq!(form.done(), [""; 0]);
    assert_eq!(
        went.wrong,
        ["not done, for the ledger does not answer: nobody leads"]
    );
}
