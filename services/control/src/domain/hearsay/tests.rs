//! An instance that answers our heartbeats, and what callers say of it.

use time::macros::datetime;

use super::*;
use crate::domain::heartbeat::{Beat, Moment, Sign};

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

/// An instance and its callers, looked at twice a second.
struct Scene {
    now: OffsetDateTime,
    patient: Patient,
    hearsay: Hearsay,
    found: Vec<String>,
}

impl Scene {
    /// It has answered for a minute.
    fn begin() -> Self {
        let mut scene = Self {
            now: NOON,
            patient: Patient::default(),
            hearsay: Hearsay::default(),
            found: Vec::new(),
        };
        scene.pass(60, "one", &[]);
        scene
    }

    /// Lets seconds pass in which the life called `life` answers, and callers say `words`.
    fn pass(&mut self, seconds: u32, life: &str, words: &[Word]) {
        let answer = Sign::Answer {
            incarnation: Some(life.to_owned()),
            draining: false,
        };
        (0..seconds * 2).for_each(|_| self.look(&answer, words));
    }

    fn look(&mut self, sign: &Sign, words: &[Word]) {
        self.now += Duration::from_millis(500);
        let at = Moment {
            own: (self.now - NOON).unsigned_abs(),
            wall: self.now,
        };
        let beat = Beat {
            asked: at,
            heard: at,
            sign: sign.clone(),
            accused: self.hearsay.accuses(words, &self.patient),
        };
        let mut verdicts = self.patient.take(&beat);
        verdicts.extend(self.hearsay.take(words, &self.patient, self.now));
        self.found
            .extend(verdicts.iter().map(|verdict| match verdict {
                Verdict::Opened { kind, .. } => kind.word().to_owned(),
                Verdict::Closed {
                    kind, resolution, ..
                } => {
                    format!("{} {}", kind.word(), resolution.word())
                }
            }));
    }
}

/// What `caller` says: that it has ejected it since then.
fn ejects(caller: &str, at: OffsetDateTime) -> Word {
    Word {
        caller: caller.to_owned(),
        ejected_at: Some(at),
        answered_at: None,
    }
}

/// What `caller` says: that it answered then.
fn trusts(caller: &str, at: OffsetDateTime) -> Word {
    Word {
        caller: caller.to_owned(),
        ejected_at: None,
        answered_at: Some(at),
    }
}

#[test]
fn what_answers_us_and_fails_its_callers_has_a_fault_until_they_trust_it_again() {
    let mut scene = Scene::begin();
    let at = scene.now;

    scene.pass(2, "one", &[ejects("a", at)]);
    assert_eq!(scene.found, ["instance_ejected"]);
    scene.pass(30, "one", &[ejects("a", at), ejects("b", at)]);
    scene.pass(2, "one", &[]);

    assert_eq!(
        scene.found,
        ["instance_ejected", "instance_ejected resumed"]
    );
}

#[test]
fn a_caller_that_is_alone_with_what_it_says_raises_one_false_alarm() {
    let mut scene = Scene::begin();
    let at = scene.now;

    for _ in 0..30 {
        let words = [ejects("a", at), trusts("b", scene.now)];
        scene.pass(1, "one", &words);
    }

    assert_eq!(
        scene.found,
        ["instance_ejected", "instance_ejected false_alarm"]
    );
}

#[test]
fn who_has_not_called_it_since_tells_nothing_for_it() {
    let mut scene = Scene::begin();
    let (before, at) = (scene.now, scene.now + Duration::from_secs(1));

    scene.pass(30, "one", &[ejects("a", at), trusts("b", before)]);

    assert_eq!(scene.found, ["instance_ejected"]);
}

#[test]
fn a_process_that_is_gone_is_killed_and_nothing_else_and_missed_sooner() {
    let mut scene = Scene::begin();
    let words = [ejects("a", scene.now)];

    scene.look(&Sign::Refused, &words);
    assert_eq!(scene.found, ["instance_killed"]);
    (0..4).for_each(|_| scene.look(&Sign::Refused, &words));
    // It is back, and its callers do not know so yet.
    scene.pass(20, "two", &words);

    assert_eq!(
        scene.found,
        ["instance_killed", "instance_killed restarted"]
    );
}

#[test]
fn a_process_that_stood_still_has_no_second_fault_when_it_goes_on() {
    let mut scene = Scene::begin();
    let words = [ejects("a", scene.now + Duration::from_secs(1))];

    (0..8).for_each(|_| scene.look(&Sign::Silent, &words));
    scene.pass(20, "one", &words);

    assert_eq!(scene.found, ["instance_paused", "instance_paused resumed"]);
}
