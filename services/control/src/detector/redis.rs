//! Asks the Sentinels how the Redis servers are.

use std::collections::HashSet;
use std::time::Duration;

use cache::sentinel::{Server, View as Sight, Watchers};

use super::postgres::follow;
use super::scene::Scene;
use crate::domain::cluster::{Group, Leader, Node, Plan, View};
use crate::domain::fault::Kind;

/// How often they are asked.
const PERIOD: Duration = Duration::from_millis(500);
/// What the ledger calls all servers together.
const GROUP: &str = "redis";

/// Asks all Sentinels, again and again.
pub(super) async fn watch(scene: Scene, sentinels: Watchers) {
    let mut group = Group::new(Plan {
        name: GROUP,
        node_down: Kind::RedisNodeDown,
        leader_lost: Kind::RedisPrimaryLost,
        behind: u64::MAX,
        lives_tell: true,
    });
    let mut latest = 0;
    loop {
        let asked = scene.clock.now();
        let sights = sentinels.look().await;
        let epoch = sights.iter().map(|sight| sight.epoch).max();
        // Where none of them answers nobody knows; nor where only those do who have not heard of the last choice.
        if let Some(view) = view(&sights).filter(|_| epoch >= Some(latest)) {
            latest = epoch.unwrap_or(latest);
            follow(&scene, &mut group, &view).await;
        }
        let spent = scene.clock.now().own.saturating_sub(asked.own);
        scene.clock.clone().wait(PERIOD.saturating_sub(spent)).await;
    }
}

/// What they see together: the primary of whoever knows the latest choice; who is down is what most of them say.
fn view(sights: &[Sight]) -> Option<View> {
    let latest = sights.iter().max_by_key(|sight| sight.epoch)?;
    let missed = |addr: &str| {
        let all = sights
            .iter()
            .flat_map(|sight| sight.replicas.iter().chain([&sight.primary]));
        let votes = all
            .filter(|server| server.addr == addr && server.down)
            .count();
        votes * 2 > sights.len()
    };
    // Each hears of another life at another moment.
    let life = |addr: &str| {
        let all = sights
            .iter()
            .flat_map(|sight| sight.replicas.iter().chain([&sight.primary]));
        let lives = all.filter(|server| server.addr == addr && !server.life.is_empty());
        let lives: HashSet<&str> = lives.map(|server| server.life.as_str()).collect();
        let agreed = lives.iter().next().filter(|_| lives.len() == 1)?;
        Some((*agreed).to_owned())
    };
    let node = |server: &Server| Node {
        name: format!("{GROUP}@{}", server.addr),
        well: !missed(&server.addr),
        life: life(&server.addr),
        behind: None,
    };
    let primary = node(&latest.primary);
    Some(View {
        leader: primary.well.then(|| Leader {
            name: primary.name.clone(),
            epoch: latest.epoch.to_string(),
        }),
        nodes: latest.replicas.iter().map(node).chain([primary]).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16, down: bool) -> Server {
        Server {
            addr: format!("10.0.0.1:{port}"),
            life: format!("life of {port}"),
            down,
        }
    }

    fn sight(epoch: u64, primary: Server, replica: Server) -> Sight {
        Sight {
            primary,
            replicas: vec![replica],
            epoch,
        }
    }

    #[test]
    fn the_primary_is_who_was_chosen_last() {
        let late = sight(3, server(1, false), server(2, false));
        let sights = [
            late.clone(),
            sight(4, server(2, false), server(1, false)),
            late,
        ];

        let view = view(&sights).unwrap();

        let leader = view.leader.unwrap();
        assert_eq!((&*leader.name, &*leader.epoch), ("redis@10.0.0.1:2", "4"));
    }

    #[test]
    fn who_is_missed_by_most_is_down_and_leads_no_more() {
        let missed = sight(3, server(1, true), server(2, false));
        let seen = sight(3, server(1, false), server(2, false));

        let by_one = view(&[missed.clone(), seen.clone(), seen.clone()]).unwrap();
        let by_two = view(&[missed.clone(), missed, seen]).unwrap();

        assert!(by_one.leader.is_some() && by_one.nodes.iter().all(|node| node.well));
        assert!(by_two.leader.is_none());
        assert!(
            by_two
                .nodes
                .iter()
                .any(|node| !node.well && node.name.ends_with(":1"))
        );
        assert_eq!(view(&[]), None);
    }
}
