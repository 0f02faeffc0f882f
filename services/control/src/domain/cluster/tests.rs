//! A simulated group of three, looked at twice a second.

use super::*;
use time::macros::datetime;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);
const PLAN: Plan = Plan {
    name: "postgres",
    node_down: Kind::DatabaseNodeDown,
    leader_lost: Kind::PrimaryLost,
    behind: 1_000,
    lives_tell: false,
};

/// A group, and what was found of it.
struct Scene {
    group: Group,
    looks: u32,
    found: Vec<Found>,
}

fn node(name: &str, well: bool) -> Node {
    Node {
        name: name.to_owned(),
        well,
        life: Some("first".to_owned()),
        behind: Some(0),
    }
}

fn view(leader: Option<(&str, u32)>, ill: &[&str]) -> View {
    let names = ["pg-1", "pg-2", "pg-3"];
    View {
        leader: leader.map(|(name, timeline)| Leader {
            name: name.to_owned(),
            epoch: timeline.to_string(),
        }),
        nodes: names.map(|name| node(name, !ill.contains(&name))).to_vec(),
    }
}

impl Scene {
    fn of(plan: Plan) -> Self {
        let mut scene = Self {
            group: Group::new(plan),
            looks: 0,
            found: Vec::new(),
        };
        scene.looks(10, &view(Some(("pg-1", 1)), &[]));
        assert!(scene.found.is_empty());
        scene
    }

    fn looks(&mut self, count: u32, view: &View) {
        for _ in 0..count {
            self.looks += 1;
            let now = NOON + time::Duration::milliseconds(500) * self.looks;
            self.found.extend(self.group.take(view, now));
        }
    }

    fn told(&self) -> Vec<String> {
        let told = self.found.iter().map(|found| match found {
            Found::Opened {
                kind,
                component,
                incarnation,
                cause,
                ..
            } => {
                let cause = cause.as_ref().map(|(_, name)| format!(" for {name}"));
                format!(
                    "{} {component} {incarnation}{}",
                    kind.word(),
                    cause.unwrap_or_default()
                )
            }
            Found::Closed {
                kind,
                component,
                resolution,
                ..
            } => {
                format!("{} {component} {}", kind.word(), resolution.word())
            }
        });
        told.collect()
    }
}

#[test]
fn a_leader_that_is_gone_is_a_node_down_and_a_primary_lost_for_it_until_another_leads() {
    let mut scene = Scene::of(PLAN);

    scene.looks(5, &view(None, &["pg-1"]));
    scene.looks(3, &view(Some(("pg-2", 2)), &["pg-1"]));
    scene.looks(3, &view(Some(("pg-2", 2)), &[]));

    let told = [
        "database_node_down pg-1 first",
        "primary_lost postgres 1 for pg-1",
        "primary_lost postgres replaced",
        "database_node_down pg-1 resumed",
    ];
    assert_eq!(scene.told(), told);
}

#[test]
fn a_leader_that_is_missed_before_its_node_gets_its_cause_when_that_is_known() {
    let mut scene = Scene::of(PLAN);

    scene.looks(3, &view(None, &[]));
    scene.looks(2, &view(None, &["pg-1"]));

    let told = [
        "primary_lost postgres 1 for pg-1",
        "database_node_down pg-1 first",
        "primary_lost postgres 1 for pg-1",
    ];
    assert_eq!(scene.told(), told);
}

#[test]
fn another_leader_from_one_look_to_the_next_was_a_loss_too() {
    let mut scene = Scene::of(PLAN);

    scene.looks(3, &view(Some(("pg-3", 2)), &[]));

    let told = [
        "primary_lost postgres 1 for pg-1",
        "primary_lost postgres replaced",
    ];
    assert_eq!(scene.told(), told);
}

#[test]
fn the_same_leader_on_another_timeline_was_lost_and_restarted() {
    let mut scene = Scene::of(PLAN);

    scene.looks(3, &view(Some(("pg-1", 2)), &[]));

    let told = [
        "primary_lost postgres 1 for pg-1",
        "primary_lost postgres restarted",
    ];
    assert_eq!(scene.told(), told);
}

#[test]
fn a_standby_that_is_gone_takes_nothing_with_it() {
    let mut scene = Scene::of(PLAN);

    scene.looks(4, &view(Some(("pg-1", 1)), &["pg-3"]));
    scene.looks(3, &view(Some(("pg-1", 1)), &[]));

    let told = [
        "database_node_down pg-3 first",
        "database_node_down pg-3 resumed",
    ];
    assert_eq!(scene.told(), told);
}

#[test]
fn one_look_at_which_nobody_was_well_is_nothing() {
    let mut scene = Scene::of(PLAN);
    for _ in 0..10 {
        scene.looks(1, &view(None, &["pg-1", "pg-2", "pg-3"]));
        scene.looks(3, &view(Some(("pg-1", 1)), &[]));
    }

    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn a_standby_far_behind_lags_until_it_has_caught_up() {
    let mut scene = Scene::of(PLAN);
    let mut behind = view(Some(("pg-1", 1)), &[]);
    behind.nodes[2].behind = Some(1_001);

    scene.looks(20, &behind);
    scene.looks(2, &view(Some(("pg-1", 1)), &[]));

    let told = ["replication_lag pg-3 1", "replication_lag pg-3 resumed"];
    assert_eq!(scene.told(), told);
}

#[test]
fn a_member_in_another_life_was_down_only_where_lives_tell() {
    let mut reborn = view(Some(("pg-1", 1)), &[]);
    reborn.nodes[1].life = Some("second".to_owned());
    for (lives_tell, told) in [
        (false, &[][..]),
        (
            true,
            &[
                "database_node_down pg-2 first",
                "database_node_down pg-2 restarted",
            ],
        ),
    ] {
        let mut scene = Scene::of(Plan { lives_tell, ..PLAN });

        scene.looks(5, &reborn);

        assert_eq!(scene.told(), told);
    }
}

#[test]
fn a_life_that_nobody_tells_of_is_no_other_one() {
    let mut scene = Scene::of(Plan {
        lives_tell: true,
        ..PLAN
    });
    let told = view(Some(("pg-1", 1)), &[]);
    let mut untold = told.clone();
    untold.nodes[1].life = None;

    for _ in 0..3 {
        scene.looks(2, &untold);
        scene.looks(2, &told);
    }

    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn those_are_well_who_answer_without_a_break() {
    let mut scene = Scene::of(PLAN);
    assert_eq!(scene.group.well().len(), 4);

    scene.looks(3, &view(None, &["pg-1"]));

    let well: Vec<String> = scene
        .group
        .well()
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(well, ["pg-2", "pg-3"]);
}
