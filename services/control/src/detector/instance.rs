//! Asks one process, twice a second, whether it is there.

use std::sync::Arc;
use std::time::Duration;

use discovery::Instance as Listed;
use discovery::pulse::{Heard, Pulse};
use tokio::sync::watch;

use super::scene::{Beginning, Scene, named};
use crate::config::Part;
use crate::domain::fault::{Entry, Kind};
use crate::domain::heartbeat::{Beat, Patient, Sign, Verdict};

/// How often it is asked.
const PERIOD: Duration = Duration::from_millis(500);
/// How long it may take to answer: until then it is slow, and from then on silent.
const PATIENCE: Duration = Duration::from_secs(2);

/// A process that is watched.
pub(super) struct Watch {
    /// What the ledger calls it.
    pub(super) component: String,
    /// How it is asked.
    pub(super) pulse: Pulse,
    /// Where it stands in a directory, where it does.
    pub(super) place: Option<Place>,
}

/// Where a process stands in a directory.
pub(super) struct Place {
    /// As what.
    pub(super) me: Listed,
    /// Who is listed.
    pub(super) list: watch::Receiver<Arc<[Listed]>>,
}

/// Watches a part that stands in no directory.
pub(super) async fn watch_part(scene: Scene, part: Part) {
    let watch = Watch {
        component: part.name,
        pulse: Pulse::new(part.addr, part.manner),
        place: None,
    };
    watch.run(scene).await;
}

impl Watch {
    /// Asks until it has left its directory in order, or another has taken its place.
    pub(super) async fn run(mut self, scene: Scene) {
        let mut patient = Patient::default();
        let mut open: Vec<(Kind, String)> = Vec::new();
        let mut before: Vec<Listed> = Vec::new();
        let mut withdrawn = false;
        loop {
            let listed_before = self.is_listed();
            let asked = scene.clock.now();
            let heard = self.pulse.beat(PATIENCE, |time| scene.clock.clone().wait(time));
            let sign = sign(heard.await);
            let listed = if sign == Sign::Silent { listed_before } else { self.is_listed() };
            if !listed && !patient.is_ill() {
                // Whoever is withdrawn while nothing is wrong leaves in order.
                scene.board.ill(&self.component);
                return;
            }
            let heard = scene.clock.now();
            let mut verdicts = patient.take(&Beat { asked, heard, sign });
            if !open.is_empty() && self.is_replaced(&before) {
                verdicts.extend(patient.replaced(heard.wall));
            }
            for verdict in &verdicts {
                self.write(&scene, verdict).await;
                if let Verdict::Opened { kind, incarnation, .. } = verdict {
                    open.push((*kind, incarnation.clone()));
                    before = self.others();
                } else {
                    (open, withdrawn) = (Vec::new(), false);
                }
            }
            if !open.is_empty() && !withdrawn && !self.is_listed() {
                withdrawn = true;
                self.withdrawn(&scene, &open).await;
            }
            match patient.well() {
                Some((since, incarnation)) => scene.board.well(&self.component, since, incarnation),
                None => scene.board.ill(&self.component),
            }
            let spent = scene.clock.now().own.saturating_sub(asked.own);
            scene.clock.clone().wait(PERIOD.saturating_sub(spent)).await;
        }
    }

    async fn write(&self, scene: &Scene, verdict: &Verdict) {
        match verdict {
            Verdict::Opened { kind, incarnation, since } => {
                let beginning = Beginning {
                    kind: *kind,
                    component: self.component.clone(),
                    incarnation: incarnation.clone(),
                    since: *since,
                    cause: None,
                    handling: self.left(),
                };
                scene.began(beginning).await;
            }
            Verdict::Closed { kind, incarnation, at, resolution } => {
                let subject = (*kind, self.component.as_str(), incarnation.as_str());
                scene.ended(subject, *at, *resolution, String::new()).await;
            }
        }
    }

    /// Says that callers are not sent to it any more.
    async fn withdrawn(&self, scene: &Scene, open: &[(Kind, String)]) {
        for (kind, incarnation) in open {
            if let Some(subject) = named(*kind, &self.component, incarnation) {
                let said = "Withdrawn from the directory.".to_owned();
                scene.tell(Entry::Handled(subject, said)).await;
            }
        }
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
        list.iter().any(|one| one.id == place.me.id && one.addr == place.me.addr)
    }

    fn others(&self) -> Vec<Listed> {
        let Some(place) = &self.place else {
            return Vec::new();
        };
        let list = place.list.borrow();
        list.iter().filter(|one| one.addr != place.me.addr).cloned().collect()
    }

    /// Whether somebody is listed in its place who was not `before`.
    fn is_replaced(&self, before: &[Listed]) -> bool {
        !self.is_listed() && self.others().iter().any(|other| !before.contains(other))
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
