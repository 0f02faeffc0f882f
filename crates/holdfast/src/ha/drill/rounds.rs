//! One round: blows, what was noticed of them, their healing, and when all was as before.

#[cfg(test)]
pub(super) mod tests;

use std::fmt;
use std::time::Duration;

use drill::{Goal, Part, Round};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use super::fallen::{Fallen, PAUSED};
use super::form::Form;
use crate::ha::FaultRow;

/// How often the ledger is looked at.
const LOOK: Duration = Duration::from_millis(250);
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
    /// The same by the clock that the ledger goes by; nothing before.
    pub(super) healed_at: Option<OffsetDateTime>,
    /// When all was as before, or was waited for no more.
    pub(super) over: Instant,
    /// Whether all was.
    pub(super) came_back: bool,
    pub(super) ledger: Vec<FaultRow>,
    /// What the ledger should have, or should have closed, and has not.
    pub(super) unrecorded: Vec<String>,
    /// What else went wrong.
    pub(super) wrong: Vec<String>,
}

/// Does the round called `number`. Whatever goes wrong with it stands in what is answered, and the next one finds all as before.
pub(super) async fn one<F: Form>(form: &F, number: usize, round: &Round) -> Went {
    let mut went = Went::begun(number, round);
    let known = answered(F::SETTLED, async || form.faults(0).await).await;
    let last = match known {
        Ok(rows) => rows.iter().map(|row| row.number).max().unwrap_or_default(),
        Err(error) => {
            // Or all that it had before would count for this one.
            let words = format!("not done, for the ledger does not answer: {error:#}");
            went.wrong.push(words);
            return went;
        }
    };
    went.strike(form).await;
    if !went.fallen.is_empty() {
        sleep(round.hold).await;
    }
    went.notice(form, last).await;
    form.heal().await;
    (went.healed, went.healed_at) = (Instant::now(), Some(OffsetDateTime::now_utc()));
    let healed = form.healed().await;
    went.came_back = healed.is_ok();
    if let Err(error) = healed {
        went.wrong.push(format!("it does not come back: {error:#}"));
    }
    went.over = Instant::now();
    went.close(form, last).await;
    sleep(CALM).await;
    went
}

/// Asks until it is answered, for `limit` at most.
///
/// # Errors
/// What was said last.
pub(super) async fn answered<T>(
    limit: Duration,
    mut ask: impl AsyncFnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let end = Instant::now() + limit;
    loop {
        match ask().await {
            Err(_) if Instant::now() < end => sleep(LOOK).await,
            answer => return answer,
        }
    }
}

impl Went {
    /// One of which nothing has fallen yet.
    fn begun(number: usize, round: &Round) -> Self {
        let now = Instant::now();
        Self {
            number,
            round: round.clone(),
            fallen: Vec::new(),
            struck: now,
            healed: now,
            healed_at: None,
            over: now,
            came_back: true,
            ledger: Vec::new(),
            unrecorded: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// Deals its blows, up to the first one that cannot be dealt.
    async fn strike(&mut self, form: &impl Form) {
        self.struck = Instant::now();
        for (turn, blow) in self.round.blows.clone().into_iter().enumerate() {
            if turn > 0 {
                sleep(self.round.apart).await;
            }
            let at = OffsetDateTime::now_utc();
            match form.strike(blow).await {
                Ok(fallen) => self.fallen.push(Fallen { at, ..fallen }),
                Err(why) => {
                    self.wrong
                        .push(format!("could not be dealt: {blow}: {why:#}"));
                    return;
                }
            }
        }
    }

    /// Waits until the ledger has each blow that it is claimed to have.
    async fn notice(&mut self, form: &impl Form, last: i64) {
        if self.nobody_may_lead() {
            return;
        }
        let end = Instant::now() + PAUSED * Goal::FAR;
        while !self.missed().is_empty() && Instant::now() < end {
            // Nobody leads for a while who could tell.
            if let Ok(rows) = form.faults(last).await {
                self.ledger = rows;
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until each row of the ledger is closed, and each blow has one.
    async fn close<F: Form>(&mut self, form: &F, last: i64) {
        let end = Instant::now() + F::SETTLED;
        loop {
            self.unrecorded = match form.faults(last).await {
                Ok(rows) => {
                    self.ledger = rows;
                    self.unsettled()
                }
                Err(error) => vec![format!("the ledger does not answer: {error:#}")],
            };
            if self.unrecorded.is_empty() || Instant::now() > end {
                return;
            }
            sleep(LOOK).await;
        }
    }

    /// What the ledger has not closed, and what it lacks.
    fn unsettled(&self) -> Vec<String> {
        let open = self.ledger.iter().filter(|row| row.resolution.is_none());
        let open = open.map(|row| format!("still open in the ledger: {row}"));
        let missed = self.missed().into_iter();
        let missed = missed.map(|missed| {
            let names = missed.names.join(", ");
            format!("the ledger has nothing of it: {} ({names})", missed.blow)
        });
        open.chain(missed).collect()
    }

    /// Whether the ledger's own database is away until it is healed.
    fn nobody_may_lead(&self) -> bool {
        let parts = self.round.blows.iter().map(|blow| blow.part);
        [Part::Leader, Part::Standby]
            .iter()
            .all(|part| parts.clone().any(|struck| struck == *part))
    }

    /// The blows that the ledger is claimed to have, and has not.
    fn missed(&self) -> Vec<&Fallen> {
        let missed = self.claimed().filter(|blow| self.rows(blow).is_none());
        missed.collect()
    }

    /// How many blows the ledger is claimed to have, and how many it has, closed.
    pub(super) fn counted(&self) -> (usize, usize) {
        let closed = self.claimed().filter(|blow| {
            let rows = self.rows(blow);
            rows.is_some_and(|rows| rows.iter().all(|row| row.resolution.is_some()))
        });
        (self.claimed().count(), closed.count())
    }

    fn claimed(&self) -> impl Iterator<Item = &Fallen> {
        self.fallen.iter().filter(|blow| blow.claimed)
    }

    /// How many seconds it took until the last of the blows was in the ledger.
    pub(super) fn detected_after(&self) -> Option<f64> {
        let rows = self.fallen.iter().filter_map(|blow| self.rows(blow));
        rows.flatten().map(|row| row.took).reduce(f64::max)
    }

    /// The names of all that they fell on.
    pub(super) fn parts(&self) -> Vec<String> {
        let names = self.fallen.iter().flat_map(|blow| &blow.names);
        names.cloned().collect()
    }

    /// The rows that stand for a blow.
    fn rows(&self, blow: &Fallen) -> Option<Vec<&FaultRow>> {
        blow.rows(&self.ledger, self.healed_at)
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
        let mut wrong = self.wrong.iter().chain(&self.unrecorded);
        wrong.try_for_each(|wrong| write!(f, "; WRONG: {wrong}"))
    }
}
