//! One round: blows, what was noticed of them, their healing, and when all was as before.

use std::fmt;
use std::time::Duration;

use drill::{Blow, Part, Round};
use tokio::time::{Instant, sleep};

use super::scene::Scene;
use crate::ha::{FaultRow, SETTLED};

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
    /// By name, blow by blow.
    pub(super) parts: Vec<Vec<String>>,
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
pub(super) async fn one(scene: &Scene, number: usize, round: &Round) -> anyhow::Result<Went> {
    let last = scene.shop.running.faults(0).await;
    let last = last.iter().map(|row| row.number).max().unwrap_or_default();
    let (struck, mut parts) = (Instant::now(), Vec::new());
    for (turn, blow) in round.blows.iter().enumerate() {
        if turn > 0 {
            sleep(round.apart).await;
        }
        match scene.strike(*blow).await {
            Ok(names) => parts.push(names),
            Err(why) => {
                scene.heal().await;
                return Err(why);
            }
        }
    }
    let mut went = Went {
        number,
        round: round.clone(),
        parts,
        struck,
        healed: struck,
        over: struck,
        ledger: Vec::new(),
        wrong: Vec::new(),
    };
    sleep(round.hold).await;
    went.notice(scene, last).await;
    scene.heal().await;
    went.healed = Instant::now();
    if let Err(error) = scene.shop.running.healed(&scene.shop.fronts).await {
        went.wrong.push(format!("it does not come back: {error:#}"));
    }
    went.over = Instant::now();
    went.close(scene, last).await;
    sleep(CALM).await;
    Ok(went)
}

impl Went {
    /// Waits until the ledger has each blow that it is claimed to have.
    async fn notice(&mut self, scene: &Scene, last: i64) {
        if self.nobody_may_lead() {
            return;
        }
        let end = Instant::now() + NOTICED;
        loop {
            let rows = scene.shop.running.faults(last).await;
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
    async fn close(&mut self, scene: &Scene, last: i64) {
        let end = Instant::now() + SETTLED;
        loop {
            self.ledger = scene.shop.running.faults(last).await;
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
        let blows = self.round.blows.iter().zip(&self.parts);
        let missed =
            blows.filter(|(blow, names)| claimed(**blow) && self.row(**blow, names).is_none());
        missed.map(|(blow, _)| *blow).collect()
    }

    /// How many blows the ledger is claimed to have, and how many it has, closed.
    pub(super) fn counted(&self) -> (usize, usize) {
        let blows = self.round.blows.iter().zip(&self.parts);
        let claimed: Vec<_> = blows.filter(|(blow, _)| claimed(**blow)).collect();
        let closed = claimed.iter().filter(|(blow, names)| {
            let row = self.row(**blow, names);
            row.is_some_and(|row| row.resolution.is_some())
        });
        (claimed.len(), closed.count())
    }

    /// How many seconds it took until the last of the blows was in the ledger.
    pub(super) fn detected_after(&self) -> Option<f64> {
        let blows = self.round.blows.iter().zip(&self.parts);
        let rows = blows.filter_map(|(blow, names)| self.row(*blow, names));
        rows.map(|row| row.took).reduce(f64::max)
    }

    /// The row that stands for a blow on what is called `names`: an instance by its own name, what has a role by its type.
    fn row(&self, blow: Blow, names: &[String]) -> Option<&FaultRow> {
        let types = blow.seen_as();
        let of = |row: &&FaultRow| {
            let instance = row.kind.starts_with("instance_");
            types.contains(&row.kind.as_str()) && (!instance || names.contains(&row.component))
        };
        self.ledger.iter().find(of)
    }
}

/// Whether the ledger is claimed to have it.
fn claimed(blow: Blow) -> bool {
    !blow.seen_as().is_empty()
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
            self.parts.concat().join(", "),
            (self.over - self.healed).as_secs_f64(),
        )?;
        self.wrong
            .iter()
            .try_for_each(|wrong| write!(f, "; WRONG: {wrong}"))
    }
}
