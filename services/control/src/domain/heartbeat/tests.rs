//! A simulated process, asked twice a second.

use super::*;
use time::macros::datetime;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);
const PERIOD: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(2);

/// A process and who observes it.
struct Scene {
    now: Duration,
    patient: Patient,
    accused: bool,
    verdicts: Vec<(Duration, Verdict)>,
}

fn moment(own: Duration) -> Moment {
    Moment {
        own,
        wall: NOON + own,
    }
}

fn answer(life: &str) -> Sign {
    Sign::Answer {
        incarnation: Some(life.to_owned()),
        draining: false,
    }
}

impl Scene {
    /// A process that has answered for a minute, in its first life.
    fn begin() -> Self {
        let mut scene = Self {
            now: Duration::ZERO,
            patient: Patient::default(),
            accused: false,
            verdicts: Vec::new(),
        };
        scene.for_a_while(120, &answer("one"), Duration::from_millis(2));
        assert!(scene.verdicts.is_empty());
        scene
    }

    /// Asks `count` times, each time with the same end.
    fn for_a_while(&mut self, count: u32, sign: &Sign, took: Duration) {
        for _ in 0..count {
            let asked = self.now;
            self.now += took.max(PERIOD);
            let beat = Beat {
                asked: moment(asked),
                heard: moment(asked + took),
                sign: sign.clone(),
                accused: self.accused,
            };
            let found = self.patient.take(&beat);
            let at = asked + took;
            self.verdicts
                .extend(found.into_iter().map(|verdict| (at, verdict)));
        }
    }

    fn answers(&mut self, count: u32, life: &str) {
        self.for_a_while(count, &answer(life), Duration::from_millis(2));
    }

    fn refuses(&mut self, count: u32) {
        self.for_a_while(count, &Sign::Refused, Duration::from_millis(1));
    }

    /// Which kinds were opened and closed, in order; how late the first was found.
    fn found(&self) -> Vec<String> {
        let told = self.verdicts.iter().map(|(_, verdict)| match verdict {
            Verdict::Opened {
                kind, incarnation, ..
            } => format!("{} {incarnation}", kind.word()),
            Verdict::Closed {
                kind, resolution, ..
            } => {
                format!("{} {}", kind.word(), resolution.word())
            }
        });
        told.collect()
    }

    fn first_found_after(&self, begun: Duration) -> Duration {
        self.verdicts[0].0.saturating_sub(begun)
    }
}

#[test]
fn a_process_that_refuses_was_killed_and_is_over_it_when_it_answers_in_another_life() {
    let mut scene = Scene::begin();
    let begun = scene.now;

    scene.refuses(6);
    scene.answers(3, "two");

    assert_eq!(
        scene.found(),
        ["instance_killed one", "instance_killed restarted"]
    );
    assert!(scene.first_found_after(begun) < Duration::from_secs(2));
}

#[test]
fn the_times_of_a_fault_are_those_of_the_last_answer_before_and_of_the_first_after() {
    let mut scene = Scene::begin();
    let last = NOON + scene.now - PERIOD + Duration::from_millis(2);

    scene.refuses(6);
    let back = NOON + scene.now + Duration::from_millis(2);
    scene.answers(3, "two");

    let [
        (_, Verdict::Opened { since, .. }),
        (_, Verdict::Closed { at, .. }),
    ] = &scene.verdicts[..]
    else {
        panic!("{:?}", scene.verdicts);
    };
    assert_eq!((*since, *at), (last, back));
}

#[test]
fn a_process_that_was_back_before_it_was_missed_was_killed_all_the_same() {
    let mut scene = Scene::begin();

    scene.refuses(1);
    scene.answers(3, "two");

    assert_eq!(
        scene.found(),
        ["instance_killed one", "instance_killed restarted"]
    );
}

#[test]
fn a_process_that_says_nothing_is_paused_and_resumes() {
    let mut scene = Scene::begin();
    let begun = scene.now;

    scene.for_a_while(4, &Sign::Silent, PATIENCE);
    scene.answers(3, "one");

    assert_eq!(
        scene.found(),
        ["instance_paused one", "instance_paused resumed"]
    );
    assert!(scene.first_found_after(begun) < Duration::from_secs(10));
}

#[test]
fn a_process_that_is_not_to_be_reached_is_cut_off() {
    let mut scene = Scene::begin();
    let begun = scene.now;

    // An old connection goes silent before new ones cannot be made.
    scene.for_a_while(1, &Sign::Silent, PATIENCE);
    scene.for_a_while(4, &Sign::Cut, Duration::from_secs(1));
    scene.answers(3, "one");

    assert_eq!(scene.found(), ["instance_cut one", "instance_cut resumed"]);
    assert!(scene.first_found_after(begun) < Duration::from_secs(5));
}

#[test]
fn a_process_whose_answers_take_a_second_is_slow_until_they_do_not() {
    let mut scene = Scene::begin();
    let begun = scene.now;

    scene.for_a_while(6, &answer("one"), Duration::from_secs(1));
    scene.answers(6, "one");

    assert_eq!(
        scene.found(),
        ["instance_slow one", "instance_slow resumed"]
    );
    assert!(scene.first_found_after(begun) < Duration::from_secs(5));
}

#[test]
fn one_late_answer_or_one_missed_is_nothing() {
    let mut scene = Scene::begin();
    for _ in 0..20 {
        scene.for_a_while(2, &answer("one"), Duration::from_secs(1));
        scene.answers(3, "one");
        scene.for_a_while(1, &Sign::Silent, PATIENCE);
        scene.answers(3, "one");
        scene.refuses(1);
        scene.answers(3, "one");
    }

    assert_eq!(scene.found(), [""; 0]);
}

#[test]
fn a_process_that_fails_its_callers_is_missed_at_the_first_refusal_and_not_by_one_silence() {
    let mut scene = Scene::begin();
    scene.accused = true;

    scene.for_a_while(1, &Sign::Silent, PATIENCE);
    scene.for_a_while(1, &Sign::Cut, Duration::from_millis(1));
    assert_eq!(scene.found(), [""; 0]);
    scene.refuses(1);

    assert_eq!(scene.found(), ["instance_killed one"]);
}

#[test]
fn a_process_that_said_it_would_end_has_not_been_killed() {
    let mut scene = Scene::begin();
    let goodbye = Sign::Answer {
        incarnation: Some("one".to_owned()),
        draining: true,
    };

    scene.for_a_while(2, &goodbye, Duration::from_millis(2));
    assert!(scene.patient.is_leaving());
    scene.refuses(20);
    scene.answers(3, "two");

    assert_eq!(scene.found(), [""; 0]);
}

#[test]
fn a_paused_process_that_is_then_killed_had_two_faults_that_end_together() {
    let mut scene = Scene::begin();

    scene.for_a_while(3, &Sign::Silent, PATIENCE);
    scene.refuses(3);
    scene.answers(2, "two");

    let all = [
        "instance_paused one",
        "instance_killed one",
        "instance_paused restarted",
        "instance_killed restarted",
    ];
    assert_eq!(scene.found(), all);
}

#[test]
fn a_killed_process_that_comes_back_haltingly_has_no_second_fault() {
    let mut scene = Scene::begin();

    scene.refuses(4);
    scene.for_a_while(3, &Sign::Cut, Duration::from_millis(1));
    scene.for_a_while(2, &Sign::Silent, PATIENCE);
    scene.answers(3, "two");

    assert_eq!(
        scene.found(),
        ["instance_killed one", "instance_killed restarted"]
    );
}

#[test]
fn of_what_was_never_heard_nothing_is_said() {
    let mut patient = Patient::default();
    for second in 0..60 {
        let at = moment(Duration::from_secs(second));
        let beat = Beat {
            asked: at,
            heard: at,
            sign: Sign::Refused,
            accused: false,
        };

        assert_eq!(patient.take(&beat), []);
    }
    assert!(patient.well().is_none());
}

#[test]
fn another_in_its_place_ends_what_was_open() {
    let mut scene = Scene::begin();
    scene.refuses(4);

    let over = scene.patient.replaced(NOON);

    assert!(matches!(
        over[..],
        [Verdict::Closed {
            resolution: Resolution::Replaced,
            ..
        }]
    ));
    assert!(scene.patient.replaced(NOON).is_empty());
}
