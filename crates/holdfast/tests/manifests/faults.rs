//! Manifests with one fault each: every rule finds its own, so none of them is a rule that cannot fail.

use serde_json::Value;

use super::object::Object;
use super::overlay::rendered;
use super::rules::RULES;

/// The faults; the file says how to read it.
const FAULTS: &str = include_str!("faults.txt");

/// One fault.
struct Fault {
    rule: &'static str,
    overlay: &'static str,
    title: &'static str,
    place: &'static str,
    said: Value,
}

/// All of them. A line that is not indented names the rule of those that follow.
fn faults() -> Vec<Fault> {
    let mut rule = "";
    let mut all = Vec::new();
    for line in FAULTS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let Some(fault) = line.strip_prefix("    ") else {
            rule = line;
            continue;
        };
        let mut parts = fault.split(" | ");
        let mut next = || parts.next().unwrap_or_else(|| panic!("no fault: {line}"));
        all.push(Fault {
            rule,
            overlay: next(),
            title: next(),
            place: next(),
            said: serde_json::from_str(next()).unwrap(),
        });
    }
    all
}

impl Fault {
    /// The objects of its overlay, with it.
    fn applied(&self) -> Vec<Object> {
        let mut objects = rendered(self.overlay).to_vec();
        if self.place == "+" {
            objects.push(Object(self.said.clone()));
            return objects;
        }
        let at = objects
            .iter()
            .position(|object| object.title() == self.title);
        let at = at.unwrap_or_else(|| panic!("{} has no {}", self.overlay, self.title));
        if self.place == "=" {
            objects.remove(at);
            return objects;
        }
        let place = self.place.replace('@', "/spec/template/spec/containers/0");
        let (parent, field) = place.rsplit_once('/').unwrap();
        let parent = objects[at].0.pointer_mut(parent);
        match parent.unwrap_or_else(|| panic!("{} has no {place}", self.title)) {
            Value::Array(items) => items[field.parse::<usize>().unwrap()] = self.said.clone(),
            parent if self.said.is_null() => {
                parent.as_object_mut().unwrap().remove(field).unwrap();
            }
            parent => parent[field.replace("~1", "/")] = self.said.clone(),
        }
        objects
    }

    fn is_found(&self) -> bool {
        let rule = RULES.iter().find(|rule| rule.name == self.rule).unwrap();
        !(rule.check)(&self.applied()).is_empty()
    }
}

#[test]
#[ignore = "needs kubectl: make test-k8s"]
fn every_rule_finds_what_is_wrong() {
    let faults = faults();
    let missed = faults.iter().filter(|fault| !fault.is_found());
    let missed: Vec<String> = missed
        .map(|fault| {
            format!(
                "{}: {} {} {}",
                fault.rule, fault.title, fault.place, fault.said
            )
        })
        .collect();

    assert!(missed.is_empty(), "\n{}\n", missed.join("\n"));
}

#[test]
fn every_rule_has_a_fault() {
    let faults = faults();
    let bare = RULES
        .iter()
        .filter(|rule| !faults.iter().any(|fault| fault.rule == rule.name));

    assert_eq!(bare.map(|rule| rule.name).collect::<Vec<_>>(), [""; 0]);
}
