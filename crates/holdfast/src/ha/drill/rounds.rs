//! One round: blows, what was noticed of them, their healing, and when all was as before.

use std::fmt;
use std::time::Duration;

use drill::{Blow, Part, Round};
use tokio::time::{Instant, sleep};

use super::form::{Fallen, Form};
use super::scene::Scene;
use crate::ha::FaultRow;

/// How often the ledger is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How long a fault may take to get into the ledger: three times the longest goal.
const NOTICED: Duration = Duration::from_secs(30);
/// How long all goes well before the next round.
const CALM: Duration = Duration::from_secs(3);

/// A round, as it went.
#[derive(Debug)]
pub(super) struct Went {
    pub(super) number: usize,
    pub(super) round: Round,
    /// Its blows, as they fell.
    pub(super) fallen: Vec<Fallen>,
    pub(super) struck: Instant,
    pub(super) healed: Instant,
    /// When all was as before, or was waited for no more.
    pub(super) over: Instant,
    pub(super) ledger: Vec<FaultRow>,
    /// What went wrong.
    pub(super) wrong: Vec<String>,
}

/// Does the round called `number`.
///
/// # Errors
/// When it cannot be done here.
pub(super) async fn one<F: Form>(
    scene: &Scene<F>,
    number: usize,
    round: &Round,
) -> anyhow::Result<Went> {
    let form = &scene.form;
    let last = form.faults(0).await;
    let last = last.iter().map(|row| row.number).max().unwrap_or_default();
    let (struck, mut fallen) = (Instant::now(), Vec::new());
    for (turn, blow) in round.blows.iter().enumerate() {
        if turn > 0 {
            sleep(round.apart).await;
        }
        match form.strike(*blow).await {
            Ok(blow) => fallen.push(blow),
            Err(why) => {
                form.heal().await;
                return Err(why);
            }
        }
    }
    let mut went = Went {
        number,
        round: round.clone(),
        fallen,
        struck,
        healed: struck,
        over: struck,
        ledger: Vec::new(),
        wrong: Vec::new(),
    };
    sleep(round.hold).await;
    went.notice(form, last).await;
    form.heal().await;
    went.healed = Instant::now();
    if let Err(error) = form.healed().await {
        went.wrong.push(format!("it does not come back: {error:#}"));
    }
    went.over = Instant::now();
    went.close(form, last).await;
    sleep(CALM).await;
    Ok(went)
}

impl Went {
    /// Waits until the ledger has each blow that it is claimed to have.
    async fn notice(&mut self, form: &impl Form, last: i64) {
        if self.nobody_may_lead() {
            return;
        }
        let end = Instant::now() + NOTICED;
        loop {
            let rows = form.faults(last).await;
            // None are told while nobody leads.
            if rows.len() >= self.ledger.len() {
                self.ledger = rows;
            }
            if self.missed().is_empty() || Instant::now() > end {
                break;
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until each row of the ledger is closed, and each blow has one.
    async fn close<F: Form>(&mut self, form: &F, last: i64) {
        let end = Instant::now() + F::SETTLED;
        loop {
            self.ledger = form.faults(last).await;
            let open = self
                .ledger
                .iter()
                .filter(|row| row.resolution.is_none())
                .count();
            if open == 0 && self.missed().is_empty() {
                return;
            }
            if Instant::now() > end {
                break;
            }
            sleep(LOOK).await;
        }
        let open = self.ledger.iter().filter(|row| row.resolution.is_none());
        let open: Vec<String> = open
            .map(|row| format!("still open in the ledger: {row}"))
            .collect();
        let missed = self.missed();
        let missed = missed
            .iter()
            .map(|blow| format!("the ledger has nothing of it: {blow}"));
        let missed: Vec<String> = missed.collect();
        self.wrong.extend(open.into_iter().chain(missed));
    }

    /// Whether the ledger's own database is away until it is healed.
    fn nobody_may_lead(&self) -> bool {
        let parts = self.round.blows.iter().map(|blow| blow.part);
        [Part::Leader, Part::Standby]
            .iter()
            .all(|part| parts.clone().any(|struck| struck == *part))
    }

    /// The blows that the ledger is claimed to have, and has not.
    fn missed(&self) -> Vec<Blow> {
        let missed = self.claimed().filter(|blow| self.row(blow).is_none());
        missed.map(|fallen| fallen.blow).collect()
    }

    /// How many blows the ledger is claimed to have, and how many it has, closed.
    pub(super) fn counted(&self) -> (usize, usize) {
        let closed = self.claimed().filter(|blow| {
            let row = self.row(blow);
            row.is_some_and(|row| row.resolution.is_some())
        });
        (self.claimed().count(), closed.count())
    }

    fn claimed(&self) -> impl Iterator<Item = &Fallen> {
        self.fallen.iter().filter(|blow| blow.claimed)
    }

    /// How many seconds it took until the last of the blows was in the ledger.
    pub(super) fn detected_after(&self) -> Option<f64> {
        let rows = self.fallen.iter().filter_map(|blow| self.row(blow));
        rows.map(|row| row.took).reduce(f64::max)
    }

    /// The names of all that they fell on.
    pub(super) fn parts(&self) -> Vec<String> {
        let names = self.fallen.iter().flat_map(|blow| &blow.names);
        names.cloned().collect()
    }

    /// The row that stands for a blow.
    fn row(&self, blow: &Fallen) -> Option<&FaultRow> {
        self.ledger.iter().find(|row| blow.is_told_by(row))
    }
}

impl fmt::Display for Went {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detected = match (self.detected_after(), self.counted()) {
            (Some(after), _) => format!("detected after {after:.1} s"),
            (None, (0, _)) => "not claimed to be seen".to_owned(),
            (None, _) => "not detected".to_owned(),
        };
        write!(
            f,
            "  {:3} {:45} {:24} {detected}, as before {:.1} s after it was healed",
            self.number,
            self.round.to_string(),
            self.parts().join(", "),
            (self.over - self.healed).as_secs_f64(),
        )?;
        self.wrong
            .iter()
            .try_for_each(|wrong| write!(f, "; WRONG: {wrong}"))
    }
}
