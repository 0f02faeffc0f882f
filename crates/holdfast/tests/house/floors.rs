//! A crate leans only on floors below its own, and no service knows another.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use super::tree::root;

/// What stands on which floor, from the ground up.
const FLOORS: [&[&str]; 6] = [
    &["api", "retry", "telemetry", "auth"],
    &["db", "cache", "discovery", "stack", "pages"],
    &["chassis", "saga", "lock", "testkit"],
    &["gateway", "user", "order", "news", "control"],
    &["drill", "model"],
    &["holdfast"],
];
const SERVICES: &[&str] = FLOORS[3];

fn ours() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .exec()
        .unwrap();
    metadata.packages
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&name))
}

/// Says what is wrong with `name` leaning on `other`, for use or only for its tests.
fn wrong(name: &str, other: &str, in_tests: bool) -> Option<String> {
    if SERVICES.contains(&name) && SERVICES.contains(&other) {
        return Some(format!(
            "the service `{name}` knows the service `{other}`. Services know each other by the wire contract only: \
             take what you need from `api`, or put in `api` what is missing there."
        ));
    }
    let (own, below) = (floor(name)?, floor(other)?);
    (!in_tests && below >= own).then(|| {
        format!(
            "`{name}` stands on floor {own} and leans on `{other}`, on floor {below}. A crate leans only on floors below \
             its own, so that a reader meets a thing before what is built on it: move what you need from `{other}` \
             down, or what needs it out of `{name}`. ARCHITECTURE.md shows the floors."
        )
    })
}

#[test]
fn every_crate_leans_only_on_floors_below_its_own() {
    let packages = ours();

    let found: Vec<String> = packages
        .iter()
        .flat_map(|package| {
            package
                .dependencies
                .iter()
                .map(move |other| (package, other))
        })
        .filter(|(_, other)| other.path.is_some())
        .filter_map(|(package, other)| {
            wrong(
                &package.name,
                &other.name,
                other.kind == DependencyKind::Development,
            )
        })
        .collect();

    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_crate_stands_on_a_floor() {
    let packages = ours();

    let lost: Vec<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .filter(|name| floor(name).is_none())
        .collect();

    assert!(
        lost.is_empty(),
        "{lost:?} stand on no floor. Choose the lowest one that is above all they lean on, and write them into \
         FLOORS in this file and into the picture in ARCHITECTURE.md."
    );
}

/// The floors as ARCHITECTURE.md draws them, from the ground up: a digit, then names with two spaces between, then words.
fn drawn(text: &str) -> Vec<Vec<&str>> {
    let picture = text.split("```").nth(1).unwrap_or_default();
    let floors = picture.lines().filter_map(|line| {
        let names = line.strip_prefix(|c: char| c.is_ascii_digit())?;
        let names = names.strip_prefix("  ")?.split("   ").next()?;
        Some(names.split("  ").filter(|name| !name.is_empty()).collect())
    });
    let mut floors: Vec<Vec<&str>> = floors.collect();
    floors.reverse();
    floors
}

#[test]
fn the_floors_are_drawn_as_they_are() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();

    assert_eq!(
        drawn(&text),
        FLOORS,
        "the picture in ARCHITECTURE.md (left) shows other floors than there are (right)"
    );
}

#[test]
fn only_the_contract_is_generated() {
    let packages = ours();

    let generated: Vec<&str> = packages
        .iter()
        .filter(|package| {
            package
                .targets
                .iter()
                .any(cargo_metadata::Target::is_custom_build)
        })
        .map(|package| package.name.as_str())
        .collect();

    assert_eq!(
        generated,
        ["api"],
        "a build script hides code from its readers: only `api` has one"
    );
}

#[test]
fn leaning_upwards_sideways_or_on_another_service_is_told() {
    assert!(
        wrong("cache", "saga", false)
            .unwrap()
            .contains("floor 1 and leans on `saga`, on floor 2")
    );
    assert!(
        wrong("cache", "db", false)
            .unwrap()
            .contains("leans on `db`")
    );
    assert!(
        wrong("order", "user", false)
            .unwrap()
            .contains("knows the service `user`")
    );
    assert!(
        wrong("order", "user", true)
            .unwrap()
            .contains("knows the service `user`")
    );
    assert_eq!(wrong("db", "testkit", true), None);
    assert_eq!(wrong("order", "saga", false), None);
}
