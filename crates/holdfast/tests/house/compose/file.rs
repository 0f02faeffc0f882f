//! The files that containers are made of, read as an engine reads them.

use std::collections::BTreeMap;
use std::fs;

use serde_yaml_ng::{Mapping, Value};

use crate::tree::root;

/// Every file that a rule looks at.
const FILES: [&str; 5] = [
    "docker-compose.yml",
    "Dockerfile",
    "deploy/postgres/Dockerfile",
    "deploy/haproxy/haproxy.cfg",
    "deploy/postgres/patroni.yml",
];

/// The files, by their paths.
pub(super) struct House {
    texts: BTreeMap<&'static str, String>,
}

/// One service of the compose file.
pub(super) struct Container {
    pub(super) name: String,
    pub(super) all: Value,
}

impl House {
    pub(super) fn read() -> Self {
        let read = |path| (path, fs::read_to_string(root().join(path)).unwrap());
        Self {
            texts: FILES.map(read).into(),
        }
    }

    /// Writes `is` where `was` stands.
    pub(super) fn write(&mut self, file: &str, was: &str, is: &str) {
        let text = self.texts.get_mut(file).unwrap();
        assert!(text.contains(was), "{file} has no `{was}` any more");
        *text = text.replace(was, is);
    }

    pub(super) fn text(&self, file: &str) -> &str {
        &self.texts[file]
    }

    pub(super) fn yaml(&self, file: &str) -> Value {
        let plain = substituted(self.text(file));
        merged(serde_yaml_ng::from_str(&plain).unwrap())
    }

    pub(super) fn containers(&self) -> Vec<Container> {
        let file = self.yaml("docker-compose.yml");
        let services = file["services"].as_mapping().unwrap();
        let one = |(name, all): (&Value, &Value)| Container {
            name: name.as_str().unwrap().to_owned(),
            all: all.clone(),
        };
        services.iter().map(one).collect()
    }

    /// The stages of the Dockerfile that can be asked for.
    pub(super) fn stages(&self) -> Vec<&str> {
        let lines = self.text("Dockerfile").lines();
        let from = lines.filter(|line| line.starts_with("FROM "));
        from.filter_map(|line| Some(line.split_once(" AS ")?.1))
            .collect()
    }
}

impl Container {
    /// What is set of its environment; an empty one is passed on.
    pub(super) fn environment(&self) -> Vec<(String, Option<String>)> {
        let set = self.all["environment"].as_mapping();
        let each = set.into_iter().flatten();
        each.map(|(name, value)| {
            let value = (!value.is_null()).then(|| text(value));
            (name.as_str().unwrap().to_owned(), value)
        })
        .collect()
    }

    pub(super) fn set(&self, name: &str) -> Option<String> {
        let found = self.environment().into_iter().find(|(one, _)| one == name);
        found.and_then(|(_, value)| value)
    }

    pub(super) fn image(&self) -> String {
        text(&self.all["image"])
    }

    /// A list of texts.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let all = self.all[name].as_sequence();
        all.into_iter().flatten().map(text).collect()
    }

    /// Whether it is there to end.
    pub(super) fn is_job(&self) -> bool {
        text(&self.all["restart"]).starts_with("on-failure")
    }

    /// Where it mounts what, and whether only to read.
    pub(super) fn mounts(&self) -> Vec<(String, String, bool)> {
        let each = self.list("volumes").into_iter();
        each.map(|text| {
            let mut parts = text.split(':');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            (part(), part(), part() == "ro")
        })
        .collect()
    }
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => serde_yaml_ng::to_string(other).unwrap().trim().to_owned(),
    }
}

/// `${NAME:-default}` as it is where nobody sets `NAME`.
pub(super) fn substituted(text: &str) -> String {
    let mut parts = text.split("${");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inside, after) = part.split_once('}').unwrap();
        plain += inside.split_once(":-").map_or("", |(_, default)| default);
        plain += after;
    }
    plain
}

/// The same with each `<<` carried out; what stands beside it comes first.
fn merged(value: Value) -> Value {
    match value {
        Value::Mapping(all) => Value::Mapping(merged_mapping(all)),
        Value::Sequence(all) => Value::Sequence(all.into_iter().map(merged).collect()),
        other => other,
    }
}

fn merged_mapping(mut all: Mapping) -> Mapping {
    let under = all.remove("<<");
    let mut whole: Mapping = all
        .into_iter()
        .map(|(key, value)| (key, merged(value)))
        .collect();
    let under = match under {
        Some(Value::Sequence(several)) => several,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for one in under.into_iter().map(merged) {
        for (key, value) in one.as_mapping().cloned().unwrap_or_default() {
            whole.entry(key).or_insert(value);
        }
    }
    whole
}
