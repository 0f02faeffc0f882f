//! Asks each Patroni how its database node is.

use std::time::Duration;

use discovery::pulse::{Answer, Heard, Pulse};
use futures::future::join_all;
use serde_json::Value;

use super::scene::{Beginning, Scene};
use crate::config::Patroni;
use crate::domain::cluster::{Found, Group, Leader, Node, Plan, View};
use crate::domain::fault::Kind;

/// How often they are asked.
const PERIOD: Duration = Duration::from_millis(500);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// What the ledger calls all nodes together.
pub(super) const GROUP: &str = "postgres";

/// A node as its Patroni tells of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    running: bool,
    leads: bool,
    timeline: u64,
    started: Option<String>,
    /// How far its log reaches.
    position: Option<u64>,
}

/// Asks all nodes, again and again.
pub(super) async fn watch(scene: Scene, patroni: Patroni) {
    let nodes = patroni.nodes.iter();
    let mut pulses: Vec<(String, Pulse)> = nodes
        .map(|part| {
            (
                part.name.clone(),
                Pulse::new(part.addr.clone(), part.manner.clone()),
            )
        })
        .collect();
    let mut group = Group::new(Plan {
        name: GROUP,
        node_down: Kind::DatabaseNodeDown,
        leader_lost: Kind::PrimaryLost,
        behind: patroni.behind,
        // A node whose leader has changed may have to begin anew, in order.
        lives_tell: false,
    });
    loop {
        let asked = scene.clock.now();
        let asking = pulses.iter_mut().map(|(name, pulse)| async {
            let heard = pulse.beat(PATIENCE, |time| scene.clock.clone().wait(time));
            (name.clone(), read(&heard.await))
        });
        let view = view(&join_all(asking).await);
        follow(&scene, &mut group, &view).await;
        let spent = scene.clock.now().own.saturating_sub(asked.own);
        scene.clock.clone().wait(PERIOD.saturating_sub(spent)).await;
    }
}

/// Takes in a look at a group, and writes down what it means.
pub(super) async fn follow(scene: &Scene, group: &mut Group, view: &View) {
    let now = scene.clock.now().wall;
    for found in group.take(view, now) {
        match found {
            Found::Opened {
                kind,
                component,
                incarnation,
                since,
                cause,
            } => {
                let handling = String::new();
                scene
                    .began(Beginning {
                        kind,
                        component,
                        incarnation,
                        since,
                        cause,
                        handling,
                    })
                    .await;
            }
            Found::Closed {
                kind,
                component,
                incarnation,
                resolution,
                handling,
            } => {
                scene
                    .ended((kind, &component, &incarnation), now, resolution, handling)
                    .await;
            }
        }
    }
    let well = group.well();
    let all = view
        .nodes
        .iter()
        .map(|node| node.name.as_str())
        .chain([group.name()]);
    for name in all {
        match well.iter().find(|(known, ..)| known == name) {
            Some((name, life, since)) => scene.board.well(name, *since, life),
            None => scene.board.ill(name),
        }
    }
}

fn read(heard: &Heard) -> Option<Told> {
    let Heard::Answer(Answer { body, .. }) = heard else {
        return None;
    };
    let told: Value = serde_json::from_slice(body).ok()?;
    let role = told["role"].as_str().unwrap_or_default();
    let xlog = &told["xlog"];
    let position = xlog["location"]
        .as_u64()
        .or_else(|| xlog["received_location"].as_u64());
    Some(Told {
        running: matches!(told["state"].as_str(), Some("running" | "streaming")),
        // As Patroni 3, 4 and both say it.
        leads: matches!(role, "master" | "primary" | "leader"),
        timeline: told["timeline"].as_u64().unwrap_or_default(),
        started: told["postmaster_start_time"].as_str().map(compact),
        position,
    })
}

/// A start as a name: without blanks.
fn compact(start: &str) -> String {
    start.replace(' ', "T")
}

/// All of them together. One that was frozen may still think that it leads; the later timeline is right.
fn view(told: &[(String, Option<Told>)]) -> View {
    let well = |told: &&(String, Option<Told>)| told.1.as_ref().is_some_and(|told| told.running);
    let leading = told.iter().filter(well).filter_map(|(name, told)| {
        let told = told.as_ref().filter(|told| told.leads)?;
        Some((told.timeline, name, told.position))
    });
    let leader = leading.max_by_key(|(timeline, ..)| *timeline);
    let reach = leader.and_then(|(.., position)| position);
    let node = |(name, told): &(String, Option<Told>)| Node {
        name: name.clone(),
        well: told.as_ref().is_some_and(|told| told.running),
        life: told.as_ref().and_then(|told| told.started.clone()),
        behind: reach
            .zip(told.as_ref().and_then(|told| told.position))
            .map(|(reach, position)| reach.saturating_sub(position)),
    };
    View {
        leader: leader.map(|(timeline, name, _)| Leader {
            name: name.clone(),
            epoch: timeline.to_string(),
        }),
        nodes: told.iter().map(node).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &'static str) -> Heard {
        Heard::Answer(Answer {
            body: text.into(),
            ..Answer::default()
        })
    }

    const PRIMARY: &str = r#"{"state": "running", "postmaster_start_time": "2026-11-20 12:00:00.1+00:00", "role": "master",
        "xlog": {"location": 5000}, "timeline": 3}"#;
    const STANDBY: &str = r#"{"state": "streaming", "postmaster_start_time": "2026-11-20 12:00:01.1+00:00", "role": "replica",
        "xlog": {"received_location": 4000, "replayed_location": 3000}, "timeline": 3}"#;
    const STARTING: &str = r#"{"state": "starting", "role": "replica"}"#;

    #[test]
    fn what_each_patroni_tells_makes_one_view() {
        let told = [
            ("pg-1".to_owned(), read(&answer(PRIMARY))),
            ("pg-2".to_owned(), read(&answer(STANDBY))),
            ("pg-3".to_owned(), read(&answer(STARTING))),
            ("pg-4".to_owned(), read(&Heard::Refused)),
        ];

        let view = view(&told);

        assert_eq!(
            view.leader,
            Some(Leader {
                name: "pg-1".to_owned(),
                epoch: "3".to_owned()
            })
        );
        let well: Vec<_> = view
            .nodes
            .iter()
            .map(|node| (node.well, node.behind))
            .collect();
        assert_eq!(
            well,
            [
                (true, Some(0)),
                (true, Some(1_000)),
                (false, None),
                (false, None)
            ]
        );
        assert_eq!(
            view.nodes[0].life.as_deref(),
            Some("2026-11-20T12:00:00.1+00:00")
        );
    }

    #[test]
    fn of_two_that_think_they_lead_the_one_on_the_later_timeline_does() {
        let later = PRIMARY.replace("\"timeline\": 3", "\"timeline\": 4");
        let later = Heard::Answer(Answer {
            body: later.into(),
            ..Answer::default()
        });
        let told = [
            ("pg-1".to_owned(), read(&answer(PRIMARY))),
            ("pg-2".to_owned(), read(&later)),
        ];

        assert_eq!(view(&told).leader.unwrap().name, "pg-2");
    }
}
