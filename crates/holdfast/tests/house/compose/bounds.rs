//! What containers may do, who reaches them, and how their database is set up.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use stack::{Folder, Options, Timings};

use super::file::{Container, House};
use super::rules::COMPOSE;

pub(super) fn all_are_in_the_sandbox(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for container in house.containers() {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{}: {what}", container.name));
            }
        };
        must(
            container.all["read_only"] == true,
            "its root can be written",
        );
        must(
            container.list("cap_drop") == ["ALL"],
            "it keeps capabilities",
        );
        must(
            container.list("security_opt") == ["no-new-privileges:true"],
            "it may gain privileges",
        );
        must(
            container.all["user"] == "65532:65532",
            "it runs as somebody else",
        );
        for limit in ["mem_limit", "cpus", "pids_limit", "restart", "logging"] {
            must(!container.all[limit].is_null(), limit);
        }
        for key in [
            "privileged",
            "cap_add",
            "devices",
            "pid",
            "ipc",
            "container_name",
        ] {
            must(container.all[key].is_null(), key);
        }
        must(
            container
                .mounts()
                .iter()
                .all(|(from, ..)| !from.contains("docker.sock")),
            "it has the engine in hand",
        );
    }
    wrong
}

pub(super) fn only_doors_are_published(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    let file = house.yaml(COMPOSE);
    for (name, network) in file["networks"].as_mapping().into_iter().flatten() {
        if name != "edge" && name != "desk" && network["internal"] != true {
            wrong.push(format!("{name:?} leads outside"));
        }
    }
    for container in house.containers() {
        let door = container.name.starts_with("haproxy-") || container.name == "grafana";
        let published = container.list("ports");
        let on_loopback = published.iter().all(|one| one.starts_with("127.0.0.1:"));
        if published.len() != usize::from(door) || !on_loopback {
            wrong.push(format!("{} is published as {published:?}", container.name));
        }
    }
    wrong
}

/// Who has to meet on each network: all whose names begin so.
const MEET: [(&str, &[&str]); 7] = [
    ("edge", &["haproxy-", "load"]),
    (
        "core",
        &[
            "haproxy-",
            "gateway",
            "user",
            "order",
            "news",
            "control",
            "prometheus",
            "collector",
        ],
    ),
    (
        "store",
        &["haproxy-", "migrate-", "user", "order", "news", "control"],
    ),
    (
        "redis",
        &[
            "redis-",
            "sentinel-",
            "gateway",
            "user",
            "order",
            "news",
            "control",
        ],
    ),
    (
        "data",
        &["haproxy-", "pg-", "etcd-", "control", "prometheus"],
    ),
    (
        "watch",
        &[
            "prometheus",
            "alertmanager",
            "grafana",
            "jaeger",
            "collector",
        ],
    ),
    ("desk", &["grafana"]),
];

pub(super) fn networks_are_no_wider_than_who_meets_there(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for container in house.containers() {
        for network in networks(&container) {
            let meet = MEET.iter().find(|(name, _)| *name == network);
            let meets = |begin: &&str| container.name.starts_with(*begin);
            if !meet.is_some_and(|(_, begins)| begins.iter().any(meets)) {
                wrong.push(format!("{} stands on {network}", container.name));
            }
        }
    }
    wrong
}

fn networks(container: &Container) -> BTreeSet<String> {
    let listed = container.list("networks");
    let named = container.all["networks"].as_mapping();
    let named = named.into_iter().flatten();
    let named = named.filter_map(|(name, _)| Some(name.as_str()?.to_owned()));
    listed.into_iter().chain(named).collect()
}

pub(super) fn volumes_are_met_before_they_are_used(house: &House) -> Vec<String> {
    let containers = house.containers();
    let mut wrong = Vec::new();
    let met: BTreeSet<(String, String)> = containers
        .iter()
        .filter(|one| one.name == "provision")
        .flat_map(Container::mounts)
        .map(|(from, at, _)| (from, at))
        .collect();
    let folders = house
        .text("Dockerfile")
        .lines()
        .find(|line| line.contains("for name in authority"));
    let folders: BTreeSet<&str> = folders.unwrap_or_default().split([' ', ';']).collect();
    for container in &containers {
        for (from, ..) in container
            .mounts()
            .iter()
            .filter(|(from, ..)| !from.starts_with('.'))
        {
            let at = format!("/volumes/{from}");
            if !met.contains(&(from.clone(), at)) || !folders.contains(from.as_str()) {
                wrong.push(format!(
                    "{}: {from} is not made ready by `provision`",
                    container.name
                ));
            }
        }
    }
    wrong
}

pub(super) fn the_database_is_set_up_as_in_make_ha(house: &House) -> Vec<String> {
    let told = house.yaml("deploy/postgres/patroni.yml");
    let told: Json = serde_json::to_value(&told["bootstrap"]["dcs"]).unwrap();
    let folder = Folder::scratch().unwrap();
    let agreed = stack::agreed(&Options::kept(folder), Timings::default());
    let mut wrong = Vec::new();
    let mut differ = |path: &str, one: &Json, other: &Json| {
        if one != other {
            wrong.push(format!(
                "patroni.yml: {path} is {one}, and {other} in make ha"
            ));
        }
    };
    let keys = |value: &Json| -> BTreeSet<String> {
        value
            .as_object()
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default()
    };
    for key in keys(&told)
        .union(&keys(&agreed))
        .filter(|key| *key != "postgresql")
    {
        differ(key, &told[key], &agreed[key]);
    }
    let (told, agreed) = (&told["postgresql"], &agreed["postgresql"]);
    for key in keys(told)
        .union(&keys(agreed))
        .filter(|key| *key != "parameters")
    {
        differ(key, &told[key], &agreed[key]);
    }
    let (told, agreed) = (&told["parameters"], &agreed["parameters"]);
    for key in keys(told).union(&keys(agreed)) {
        differ(key, &told[key], &agreed[key]);
    }
    wrong
}
