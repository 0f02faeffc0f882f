//! Who is believed to be there, case by case, in made-up time.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A roll with a clock of its own, on which each write has the next revision.
struct Scene {
    roll: Roll,
    now: Instant,
    revision: i64,
}

/// `a1` stands in zone `a`, `-1` in none.
fn entry(id: &str, addr: &str, revision: i64) -> Entry {
    Entry {
        instance: Instance {
            id: id.to_owned(),
            addr: addr.to_owned(),
            zone: id[..1].replace('-', ""),
            ready: true,
        },
        lease: revision,
        revision,
    }
}

impl Scene {
    fn with(ids: &[&str]) -> Self {
        let mut scene = Self {
            roll: Roll::default(),
            now: Instant::now(),
            revision: 0,
        };
        for id in ids {
            scene.comes(id);
        }
        scene
    }

    fn comes(&mut self, id: &str) {
        self.comes_at(id, &format!("{id}:1"));
    }

    fn comes_at(&mut self, id: &str, addr: &str) {
        self.revision += 1;
        let entry = entry(id, addr, self.revision);
        self.roll.came(id.into(), entry);
    }

    /// Says goodbye, and goes.
    fn leaves(&mut self, id: &str) {
        self.revision += 1;
        let mut entry = entry(id, &format!("{id}:1"), self.revision);
        entry.instance.ready = false;
        self.roll.came(id.into(), entry);
        self.roll.went(id.as_bytes(), self.now);
    }

    fn vanishes(&mut self, id: &str) {
        self.roll.went(id.as_bytes(), self.now);
    }

    fn passes(&mut self, time: Duration) {
        self.roll.list(self.now);
        self.now += time;
    }

    fn list(&mut self) -> Vec<String> {
        let list = self.roll.list(self.now);
        list.into_iter().map(|one| one.id).collect()
    }

    fn addrs(&mut self) -> Vec<String> {
        let list = self.roll.list(self.now);
        list.into_iter().map(|one| one.addr).collect()
    }
}

#[test]
fn one_of_two_that_vanishes_is_dead() {
    let mut scene = Scene::with(&["-1", "-2"]);

    scene.vanishes("-1");

    assert_eq!(scene.list(), ["-2"]);
}

#[test]
fn everybody_may_say_goodbye() {
    let mut scene = Scene::with(&["-1", "-2", "-3"]);

    for id in ["-1", "-2", "-3"] {
        scene.leaves(id);
    }

    assert!(scene.list().is_empty());
}

#[test]
fn most_that_vanish_at_once_are_missed_and_stay_listed() {
    let mut scene = Scene::with(&["-1", "-2", "-3", "-4"]);

    for id in ["-1", "-2", "-3"] {
        scene.vanishes(id);
        scene.passes(SECOND);
    }

    assert_eq!(scene.list(), ["-1", "-2", "-3", "-4"]);
    scene.passes(AT_ONCE * 10);
    assert_eq!(scene.list(), ["-1", "-2", "-3", "-4"]);
}

#[test]
fn those_that_vanish_one_by_one_over_a_long_time_are_dead() {
    let mut scene = Scene::with(&["-1", "-2", "-3", "-4"]);

    for id in ["-1", "-2", "-3"] {
        scene.vanishes(id);
        scene.passes(AT_ONCE);
    }

    assert_eq!(scene.list(), ["-4"]);
}

#[test]
fn the_last_one_stays_whatever_became_of_it() {
    let mut scene = Scene::with(&["-1"]);

    scene.vanishes("-1");
    scene.passes(AT_ONCE * 10);

    assert_eq!(scene.list(), ["-1"]);
}

#[test]
fn who_was_missed_and_comes_back_is_there_and_who_does_not_is_dead() {
    let mut scene = Scene::with(&["-1", "-2", "-3"]);
    scene.roll.replace(BTreeMap::new(), scene.now);
    scene.passes(AT_ONCE * 2);

    scene.comes("-1");
    assert_eq!(scene.list(), ["-1", "-2", "-3"]);
    scene.comes("-2");
    assert_eq!(scene.list(), ["-1", "-2", "-3"]);
    scene.passes(AT_ONCE);

    assert_eq!(scene.list(), ["-1", "-2"]);
}

#[test]
fn the_time_in_which_nobody_could_come_back_does_not_count() {
    let mut scene = Scene::with(&["-1", "-2", "-3"]);
    scene.roll.replace(BTreeMap::new(), scene.now);
    assert_eq!(scene.list().len(), 3);
    scene.comes("-1");
    scene.comes("-2");
    scene.passes(AT_ONCE);

    scene.roll.resume(scene.now);

    assert_eq!(scene.list(), ["-1", "-2", "-3"]);
}

#[test]
fn a_zone_that_is_dead_is_withdrawn_however_many_it_had() {
    let mut scene = Scene::with(&["a1", "a2", "a3", "b1"]);

    scene.vanishes("a1");
    scene.vanishes("a2");
    assert_eq!(scene.list(), ["a3", "b1"]);
    scene.vanishes("a3");

    assert_eq!(scene.list(), ["b1"]);
    scene.passes(AT_ONCE);
    scene.comes("a1");
    assert_eq!(scene.list(), ["a1", "b1"]);
}

#[test]
fn a_zone_is_not_dead_when_others_are_missed_too() {
    let mut scene = Scene::with(&["a1", "a2", "a3", "b1", "b2"]);

    for id in ["a1", "a2", "a3", "b1"] {
        scene.vanishes(id);
        scene.passes(SECOND);
    }

    assert_eq!(scene.list(), ["a1", "a2", "a3", "b1", "b2"]);
}

#[test]
fn a_name_at_a_new_address_replaces_the_old_one() {
    let mut scene = Scene::with(&["-1", "-2"]);

    scene.comes_at("-1", "elsewhere:1");

    assert_eq!(scene.addrs(), ["elsewhere:1", "-2:1"]);
}

#[test]
fn an_address_belongs_to_the_newer_of_two_names() {
    let mut scene = Scene::with(&["-1", "-2"]);

    scene.comes_at("-3", "-1:1");
    assert_eq!(scene.list(), ["-2", "-3"]);
    scene.vanishes("-3");

    assert_eq!(scene.list(), ["-1", "-2"]);
}

#[test]
fn who_is_missed_has_no_address_beside_one_that_is_there() {
    let mut scene = Scene::with(&["-1", "-2", "-3"]);
    scene.roll.replace(BTreeMap::new(), scene.now);
    scene.revision = 0;

    scene.comes_at("-4", "-1:1");

    assert_eq!(scene.list(), ["-2", "-3", "-4"]);
}

#[test]
fn an_etcd_is_known_by_one_entry_that_stands_as_it_was() {
    let scene = Scene::with(&["-1", "-2"]);
    let found = |id: &str, lease| {
        let entry = Entry {
            lease,
            ..entry(id, "-1:1", 1)
        };
        BTreeMap::from([(id.as_bytes().to_vec(), entry)])
    };

    assert!(scene.roll.knows_any(&found("-1", 1)));
    // Made anew, it may have come as far again.
    assert!(!scene.roll.knows_any(&found("-1", 9)));
}
