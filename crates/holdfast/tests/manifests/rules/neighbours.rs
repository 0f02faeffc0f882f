//! How services find each other, and what control looks after.

use serde_json::Value;

use super::links::has_port;
use crate::object::{Object, list, text};
use crate::settings::environment;

/// By DNS a neighbour is found at the address of each pod, and there at the port of the pod; by Kubernetes at a port of its
/// Service.
pub(super) fn found(objects: &[Object]) -> Vec<String> {
    let deployments = objects
        .iter()
        .filter(|object| object.kind() == "Deployment");
    let ours = deployments.filter(|object| object.service().is_some());
    ours.flat_map(|object| {
        let set = environment(objects, &object.containers()[0]);
        let told = set.iter().filter_map(|(name, value)| {
            let called = name.strip_suffix("_ADDRS")?.to_lowercase();
            let found = is_found(objects, &called, value);
            (!found).then(|| format!("{}: {name} leads to no pods of {called}", object.title()))
        });
        told.chain(vain(object, &set)).collect::<Vec<_>>()
    })
    .collect()
}

fn is_found(objects: &[Object], called: &str, value: &str) -> bool {
    let (headless, place) = match value.split_once("://") {
        Some(("dns", place)) => (true, place),
        Some(("kubernetes", place)) => (false, place),
        _ => return false,
    };
    let Some((host, port)) = place.split_once(':') else {
        return false;
    };
    let named = |kind: &str, name: &str| {
        objects
            .iter()
            .find(|one| one.kind() == kind && one.name() == name)
    };
    let (Some(service), Some(pods)) = (named("Service", host), named("Deployment", called)) else {
        return false;
    };
    let spec = service.spec();
    let theirs = spec["selector"]["app.kubernetes.io/name"] == called;
    if headless {
        let port: Value = port.parse::<u64>().unwrap_or_default().into();
        return theirs && spec["clusterIP"] == "None" && has_port(pods, &port);
    }
    let ports = list(&spec["ports"]);
    theirs && ports.iter().any(|one| text(&one["name"]) == port)
}

/// What something rests on is looked after, or its faults are nobody's cause.
fn vain(object: &Object, set: &std::collections::BTreeMap<String, String>) -> Vec<String> {
    let said = |name: &str| set.get(name).map_or("", String::as_str).split(',');
    let watched: Vec<&str> = said("WATCHED")
        .filter_map(|one| Some(one.split_once('=')?.0))
        .collect();
    let bases = said("RESTS_ON").filter_map(|one| Some(one.split_once('=')?.1));
    bases
        .flat_map(|bases| bases.split('+'))
        .filter(|base| !watched.contains(base))
        .map(|base| format!("{}: nobody looks after {base}", object.title()))
        .collect()
}
