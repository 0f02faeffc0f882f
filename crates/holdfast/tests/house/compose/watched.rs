//! Control looks after every part of the floor that it stands on, where that part answers.

use serde_yaml_ng::Value;

use super::file::{Container, House, text};

/// Which parts stand in no directory, by the beginning of their names, and which setting of control has them.
const FLOOR: [(&str, &str); 3] = [
    ("etcd-", "WATCHED"),
    ("haproxy-", "WATCHED"),
    ("pg-", "PATRONI_URLS"),
];

/// Each is asked for a page, at an address of its own: a connection alone is taken by the kernel of one that stands still.
pub(super) fn control_looks_after_the_floor(house: &House) -> Vec<String> {
    let containers = house.containers();
    let control = containers.iter().find(|one| one.name == "control").unwrap();
    let mut wrong = Vec::new();
    for one in &containers {
        let Some((_, setting)) = FLOOR.iter().find(|(begin, _)| one.name.starts_with(begin)) else {
            continue;
        };
        let parts = parts(control, setting);
        let asked = parts.iter().find(|(name, _)| *name == one.name);
        let place = asked.and_then(|(_, place)| place.strip_prefix("http://")?.split_once(':'));
        if !place.is_some_and(|(host, _)| addresses(one).contains(&host.to_owned())) {
            wrong.push(format!(
                "control: {setting} does not ask {}: {asked:?}",
                one.name
            ));
        }
    }
    for (one, bases) in parts(control, "RESTS_ON") {
        let known = parts(control, "WATCHED");
        let known = |base: &&str| known.iter().any(|(name, _)| name == base);
        if !bases.split('+').all(|base| known(&base)) {
            wrong.push(format!("control: {one} rests on what nobody asks: {bases}"));
        }
    }
    wrong
}

/// `name=place`, with commas between.
fn parts(control: &Container, setting: &str) -> Vec<(String, String)> {
    let said = control.set(setting).unwrap_or_default();
    let each = said.split(',').filter_map(|one| one.split_once('='));
    each.map(|(name, place)| (name.to_owned(), place.to_owned()))
        .collect()
}

/// The addresses that stay.
fn addresses(container: &Container) -> Vec<String> {
    let networks = container.all["networks"].as_mapping();
    let each = networks.into_iter().flatten();
    each.map(|(_, one): (&Value, &Value)| text(&one["ipv4_address"]))
        .collect()
}
