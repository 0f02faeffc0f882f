//! The rules and dashboards of this repository, and every expression in them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// An expression, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) place: String,
    pub(crate) expr: String,
}

/// The folder `deploy` of this repository.
pub(crate) fn deploy() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    root.canonicalize().unwrap()
}

/// The files of `folder` that end in `end`, sorted.
pub(crate) fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|have| have == end));
    found.sort();
    found
}

/// The files of rules: those for everywhere, and those for `place`, which is `kubernetes` or `containers`.
pub(crate) fn rule_files(place: &str) -> Vec<PathBuf> {
    let rules = deploy().join("prometheus/rules");
    let mut found = files(&rules, "yaml");
    found.extend(files(&rules.join(place), "yaml"));
    found
}

/// What a file of YAML says.
pub(crate) fn yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_default();
    serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The groups of rules in `files`.
pub(crate) fn groups(files: &[PathBuf]) -> Vec<Value> {
    let all = files.iter().map(|path| yaml(path));
    all.flat_map(|file| items(&file["groups"])).collect()
}

/// Every rule, wherever it is for.
pub(crate) fn rules() -> Vec<Value> {
    let mut files = rule_files("kubernetes");
    files.extend(rule_files("containers"));
    files.sort();
    files.dedup();
    let groups = groups(&files);
    groups
        .iter()
        .flat_map(|group| items(&group["rules"]))
        .collect()
}

/// Every dashboard, with its file's name.
pub(crate) fn boards() -> Vec<(String, Value)> {
    let files = files(&deploy().join("grafana/dashboards"), "json");
    let read = files.into_iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let board = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, board)
    });
    read.collect()
}

/// Every expression of every rule, panel, annotation and variable.
pub(crate) fn said() -> Vec<Said> {
    let of_rules = rules().into_iter().map(|rule| {
        let name = [&rule["alert"], &rule["record"]]
            .iter()
            .find_map(|name| name.as_str());
        said_at(name.unwrap_or_default(), &rule["expr"])
    });
    let of_boards = boards()
        .into_iter()
        .flat_map(|(name, board)| shown(&name, &board));
    of_rules.chain(of_boards).collect()
}

fn shown(name: &str, board: &Value) -> Vec<Said> {
    let mut all = Vec::new();
    for panel in items(&board["panels"]) {
        let place = format!("{name}, {}", panel["title"]);
        let targets = items(&panel["targets"]);
        all.extend(
            targets
                .iter()
                .map(|target| said_at(&place, &target["expr"])),
        );
    }
    let marks = items(&board["annotations"]["list"]);
    all.extend(marks.iter().map(|mark| said_at(name, &mark["expr"])));
    for variable in items(&board["templating"]["list"]) {
        if variable["type"] == "query" {
            all.push(said_at(name, &asked(&variable["query"])));
        }
    }
    all
}

/// `label_values(metric, label)` is Grafana's word; Prometheus' own reads the same.
fn asked(query: &Value) -> Value {
    let query = query.as_str().unwrap_or_default();
    let inner = query.strip_prefix("label_values(");
    let inner = inner.and_then(|inner| inner.strip_suffix(')')?.split_once(", "));
    let (metric, label) = inner.expect("label_values(metric, label)");
    format!("count by ({label}) ({metric})").into()
}

fn said_at(place: &str, expr: &Value) -> Said {
    let expr = expr.as_str().unwrap_or_default().to_owned();
    assert!(!expr.is_empty(), "{place} reads nothing");
    let place = place.to_owned();
    Said { place, expr }
}

/// The items of a list; none where there is no list.
pub(crate) fn items(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
