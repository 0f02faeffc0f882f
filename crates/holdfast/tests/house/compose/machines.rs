//! Containers run on any machine: nothing that they are made of is one kind's only.

use super::file::House;

const FILES: [&str; 3] = [
    "docker-compose.yml",
    "Dockerfile",
    "deploy/postgres/Dockerfile",
];
/// Words that choose a kind of machine.
const KINDS: [&str; 6] = ["platform", "amd64", "x86", "arm64", "aarch64", "-linux-gnu"];

pub(super) fn no_kind_of_machine_is_named(house: &House) -> Vec<String> {
    let said = FILES.into_iter().flat_map(|file| {
        let lines = house.text(file).lines();
        let built = lines.filter(|line| !line.trim_start().starts_with('#'));
        built.map(move |line| (file, line))
    });
    let bound = said.filter(|(_, line)| KINDS.iter().any(|kind| line.contains(kind)));
    bound
        .map(|(file, line)| format!("{file} is for one kind of machine: {line}"))
        .collect()
}
