//! What may be missing, and what there must be enough of.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scale::{least, scaler};
use crate::object::{Object, selects, text};
use crate::settings::{default_of, given};

/// Everything that there are two of may miss one, and no more.
pub(super) fn budgets(objects: &[Object]) -> Vec<String> {
    let all: Vec<&Object> = objects
        .iter()
        .filter(|one| one.kind() == "PodDisruptionBudget")
        .collect();
    let mut told: Vec<String> = all
        .iter()
        .flat_map(|budget| fits(objects, budget))
        .collect();
    let lasting = objects
        .iter()
        .filter(|object| object.is_lasting() && least(objects, object) > 1);
    for object in lasting {
        let kept = |budget: &&&Object| selects(&budget.spec()["selector"], &object.pod_labels());
        if all.iter().filter(kept).count() != 1 {
            told.push(format!("{} has not one budget", object.title()));
        }
    }
    told
}

fn fits(objects: &[Object], budget: &Object) -> Vec<String> {
    let spec = budget.spec();
    let hit: Vec<&Object> = objects
        .iter()
        .filter(|object| object.is_workload() && selects(&spec["selector"], &object.pod_labels()))
        .collect();
    let mut told = Vec::new();
    if hit.len() != 1 {
        told.push(format!("{} is for {} workloads", budget.title(), hit.len()));
    }
    if spec["maxUnavailable"].as_u64() != Some(1) || !spec["minAvailable"].is_null() {
        told.push(format!("{} does not let just one go", budget.title()));
    }
    if text(&spec["unhealthyPodEvictionPolicy"]) != "AlwaysAllow" {
        told.push(format!(
            "{} holds a node up for a broken pod",
            budget.title()
        ));
    }
    if hit.iter().any(|object| least(objects, object) < 2) {
        told.push(format!("{} lets nobody go, or all", budget.title()));
    }
    told
}

/// With as many pods as may be, and one more of each during a rollout, the database still takes all connections.
pub(super) fn connections(objects: &[Object]) -> Vec<String> {
    /// For the operator, backups, a person.
    const SPARE: u64 = 10;
    let keepers = objects.iter().filter(|object| object.is_lasting());
    let keepers = keepers.filter(|object| given(objects, object, "DATABASE_URLS").is_some());
    let wanted: u64 = keepers
        .map(|object| {
            let service = object.service().unwrap_or_default();
            let each = given(objects, object, "DATABASE_CONNECTIONS");
            let each = each.unwrap_or_else(|| default_of(service, "DATABASE_CONNECTIONS"));
            let most = scaler(objects, object).and_then(|one| one.most);
            (most.unwrap_or(1) + 1) * each.parse::<u64>().unwrap()
        })
        .sum();
    let taken = taken(objects);
    if taken.len() == 1 && taken.iter().all(|most| wanted + SPARE <= *most) {
        return Vec::new();
    }
    vec![format!(
        "{wanted} connections for a database that takes {taken:?}"
    )]
}

/// How many connections the databases say that they take.
fn taken(objects: &[Object]) -> BTreeSet<u64> {
    let clusters = objects.iter().filter(|object| object.kind() == "Cluster");
    let said = clusters
        .map(|one| text(&one.spec()["postgresql"]["parameters"]["max_connections"]).to_owned());
    let scripts = objects.iter().filter(|object| object.kind() == "ConfigMap");
    let scripts = scripts.flat_map(|one| one.0["data"].as_object().into_iter().flatten());
    let argued = scripts.filter_map(|(_, script): (_, &Value)| {
        let (_, rest) = text(script).split_once("max_connections=")?;
        Some(rest.split_whitespace().next()?.to_owned())
    });
    said.chain(argued)
        .filter_map(|number| number.parse().ok())
        .collect()
}
