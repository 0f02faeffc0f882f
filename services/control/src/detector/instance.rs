//! Asks one process, twice a second, whether it is there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use discovery::Instance as Listed;
use discovery::pulse::{Heard, Pulse};
use tokio::sync::watch;

use super::scene::{Beginning, Scene, named};
use crate::config::Part;
use crate::domain::fault::{Entry, Kind, sentence};
use crate::domain::hearsay::{Hearsay, Word};
use crate::domain::heartbeat::{Beat, Moment, Patient, Sign, Verdict};

/// How often it is asked.
const PERIOD: Duration = Duration::from_millis(500);
/// How long it may take to answer: until then it is slow, and from then on silent.
const PATIENCE: Duration = Duration::from_secs(2);

/// A process that is watched.
pub(super) struct Watch {
    /// What the ledger calls it.
    component: String,
    pulse: Pulse,
    place: Option<Place>,
    patient: Patient,
    hearsay: Hearsay,
    /// Whose word is in the ledger.
    callers: BTreeSet<String>,
    open: Vec<(Kind, String)>,
    /// Who else was listed when its fault began.
    before: Vec<Listed>,
    withdrawn: bool,
}

/// Where a process stands in a directory.
pub(super) struct Place {
    /// Of which service.
    pub(super) service: &'static str,
    /// As what.
    pub(super) me: Listed,
    /// Who is listed.
    pub(super) list: watch::Receiver<Arc<[Listed]>>,
}

/// Watches a part that stands in no directory.
pub(super) async fn watch_part(scene: Scene, part: Part) {
    let pulse = Pulse::new(part.addr, part.manner);
    Watch::new(part.name, pulse, None).run(scene).await;
}

impl Watch {
    /// Stands ready to watch what the ledger calls `component`, which stands at `place` in a directory, or in none.
    pub(super) fn new(component: String, pulse: Pulse, place: Option<Place>) -> Self {
        Self {
            component,
            pulse,
            place,
            patient: Patient::default(),
            hearsay: Hearsay::default(),
            callers: BTreeSet::new(),
            open: Vec::new(),
            before: Vec::new(),
            withdrawn: false,
        }
    }

    /// Asks until it has left its directory in order, or another has taken its place.
    pub(super) async fn run(mut self, scene: Scene) {
        loop {
            let asked = scene.clock.now();
            let Some(silent) = self.round(&scene, asked).await else {
                return scene.board.forget(&self.component);
            };
            // Asked again as soon as it answers, what goes in pulses would be asked while it goes, every other time.
            let spent = scene.clock.now().own.saturating_sub(asked.own);
            let rest = PERIOD.saturating_sub(if silent { spent } else { Duration::ZERO });
            scene.clock.clone().wait(rest).await;
        }
    }

    /// Asks once, and writes down what that means; tells whether it was silent, and nothing when there is nobody to be asked
    /// any more.
    async fn round(&mut self, scene: &Scene, asked: Moment) -> Option<bool> {
        let listed_before = self.is_listed();
        let wait = |time| scene.clock.clone().wait(time);
        let sign = sign(self.pulse.beat(PATIENCE, wait).await);
        let silent = matches!(sign, Sign::Silent);
        // What stands still may be withdrawn for that while it is waited for.
        let listed = match sign {
            Sign::Silent => listed_before,
            _ => self.is_listed(),
        };
        let heard = scene.clock.now();
        if !listed && !self.patient.is_ill() {
            // Whoever is withdrawn while nothing is wrong leaves in order.
            if let Some(verdict) = self.hearsay.replaced(heard.wall) {
                self.write(scene, verdict).await;
            }
            return None;
        }
        let words = self.words(scene);
        let accused = self.hearsay.accuses(&words, &self.patient);
        let beat = Beat {
            asked,
            heard,
            sign,
            accused,
        };
        let mut verdicts = self.patient.take(&beat);
        verdicts.extend(self.hearsay.take(&words, &self.patient, heard.wall));
        for verdict in verdicts {
            self.write(scene, verdict).await;
        }
        if !self.open.is_empty() && self.is_replaced() {
            let mut verdicts = self.patient.replaced(heard.wall);
            verdicts.extend(self.hearsay.replaced(heard.wall));
            for verdict in verdicts {
                self.write(scene, verdict).await;
            }
            return None;
        }
        self.say_withdrawn(scene).await;
        self.say_callers(scene).await;
        let accused = accused || self.hearsay.open().is_some();
        scene.board.accuse(&self.component, accused);
        let missed = self.open.iter().any(|(kind, _)| kind.is_absence());
        scene.board.miss(&self.component, missed);
        match self.patient.well() {
            Some((since, incarnation)) => scene.board.well(&self.component, since, incarnation),
            None => scene.board.ill(&self.component),
        }
        Some(silent)
    }

    /// What callers say of it.
    fn words(&self, scene: &Scene) -> Vec<Word> {
        let place = self.place.as_ref();
        place.map_or_else(Vec::new, |place| scene.words(place.service, &place.me.addr))
    }

    async fn write(&mut self, scene: &Scene, verdict: Verdict) {
        match verdict {
            Verdict::Opened {
                kind,
                incarnation,
                since,
            } => {
                self.open.push((kind, incarnation.clone()));
                self.before = self.others();
                let beginning = Beginning {
                    kind,
                    component: self.component.clone(),
                    incarnation,
                    since,
                    cause: None,
                    handling: self.left(),
                };
                scene.began(beginning).await;
            }
            Verdict::Closed {
                kind,
                incarnation,
                at,
                resolution,
            } => {
                self.open
                    .retain(|open| *open != (kind, incarnation.clone()));
                self.withdrawn = false;
                let subject = (kind, self.component.as_str(), incarnation.as_str());
                scene.ended(subject, at, resolution, String::new()).await;
            }
        }
    }

    /// Says once that callers are not sent to it any more.
    async fn say_withdrawn(&mut self, scene: &Scene) {
        if self.open.is_empty() || self.withdrawn || self.is_listed() {
            return;
        }
        self.withdrawn = true;
        for (kind, incarnation) in &self.open {
            if let Some(subject) = named(*kind, &self.component, incarnation) {
                let said = "Withdrawn from the directory.".to_owned();
                scene.tell(Entry::Handled(subject, said)).await;
            }
        }
    }

    /// Says once of each caller that it gives it no calls.
    async fn say_callers(&mut self, scene: &Scene) {
        let Some((life, callers)) = self.hearsay.open() else {
            return self.callers.clear();
        };
        for caller in callers.difference(&self.callers) {
            if let Some(subject) = named(Kind::InstanceEjected, &self.component, life) {
                let said = sentence(&format!("{caller} gives it no calls."));
                scene.tell(Entry::Handled(subject, said)).await;
            }
        }
        self.callers.clone_from(callers);
    }

    /// What is said of those that are left.
    fn left(&self) -> String {
        match self.others().len() {
            0 => String::new(),
            count => format!("Calls go to the others of its service: {count}."),
        }
    }

    fn is_listed(&self) -> bool {
        let Some(place) = &self.place else {
            return true;
        };
        let list = place.list.borrow();
        list.iter()
            .any(|one| one.id == place.me.id && one.addr == place.me.addr)
    }

    fn others(&self) -> Vec<Listed> {
        let Some(place) = &self.place else {
            return Vec::new();
        };
        let list = place.list.borrow();
        list.iter()
            .filter(|one| one.addr != place.me.addr)
            .cloned()
            .collect()
    }

    /// Whether somebody is listed in its place who was not before.
    fn is_replaced(&self) -> bool {
        let mut others = self.others().into_iter();
        !self.is_listed() && others.any(|other| !self.before.contains(&other))
    }
}

fn sign(heard: Heard) -> Sign {
    match heard {
        Heard::Answer(answer) => Sign::Answer {
            incarnation: answer.incarnation,
            draining: answer.draining,
        },
        Heard::Refused => Sign::Refused,
        Heard::Silent => Sign::Silent,
        Heard::Unreachable | Heard::Broken => Sign::Cut,
    }
}
