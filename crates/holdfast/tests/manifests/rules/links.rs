//! What one object says of another.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::{Object, labels, list, selects, text};

/// Everything is in the one namespace that is there.
pub(super) fn namespace(objects: &[Object]) -> Vec<String> {
    let places = objects.iter().filter(|object| object.kind() == "Namespace");
    let names: Vec<&str> = places.map(Object::name).collect();
    let [namespace] = names[..] else {
        return vec![format!("one namespace, not {names:?}")];
    };
    let elsewhere = |object: &&Object| {
        object.kind() != "Namespace" && text(&object.0["metadata"]["namespace"]) != namespace
    };
    let told = objects.iter().filter(elsewhere);
    told.map(|object| format!("{} is elsewhere", object.title()))
        .collect()
}

pub(super) fn selectors(objects: &[Object]) -> Vec<String> {
    let lasting = objects.iter().filter(|object| object.is_lasting());
    lasting
        .filter(|object| {
            let selector = &object.spec()["selector"];
            labels(&selector["matchLabels"]).is_empty() || !selects(selector, &object.pod_labels())
        })
        .map(|object| format!("{} does not select its own pods", object.title()))
        .collect()
}

pub(super) fn services(objects: &[Object]) -> Vec<String> {
    let services = objects.iter().filter(|object| object.kind() == "Service");
    services
        .flat_map(|service| found(service, objects))
        .collect()
}

fn found(service: &Object, objects: &[Object]) -> Vec<String> {
    let wanted = serde_json::json!({ "matchLabels": service.spec()["selector"] });
    let hit: Vec<&Object> = objects
        .iter()
        .filter(|object| object.is_lasting() && selects(&wanted, &object.pod_labels()))
        .collect();
    let [workload] = hit[..] else {
        return vec![format!("{} finds {} workloads", service.title(), hit.len())];
    };
    let ports = list(&service.spec()["ports"]).iter();
    let lost = ports.filter(|port| !has_port(workload, &port["targetPort"]));
    lost.map(|port| format!("{}: no port {} there", service.title(), port["targetPort"]))
        .collect()
}

/// Whether a container of `workload` has the port, by its name or number.
pub(crate) fn has_port(workload: &Object, port: &Value) -> bool {
    let all = workload
        .containers()
        .iter()
        .flat_map(|one| list(&one["ports"]));
    all.into_iter()
        .any(|one| one["name"] == *port || one["containerPort"] == *port)
}

/// What pods refer to, as `Kind name`.
fn referred(object: &Object) -> Vec<(String, String)> {
    let pod = object.pod();
    let mut all = vec![("ServiceAccount", text(&pod["serviceAccountName"]))];
    for volume in list(&pod["volumes"]) {
        all.push(("Secret", text(&volume["secret"]["secretName"])));
        all.push(("ConfigMap", text(&volume["configMap"]["name"])));
    }
    for container in object.containers() {
        for source in list(&container["envFrom"]) {
            all.push(("ConfigMap", text(&source["configMapRef"]["name"])));
        }
    }
    let named = all.into_iter().filter(|(_, name)| !name.is_empty());
    named
        .map(|(kind, name)| (kind.to_owned(), name.to_owned()))
        .collect()
}

/// What is there because `object` is: itself, and what its operator makes.
fn made(object: &Object) -> Vec<(String, String)> {
    let mut all = vec![(object.kind().to_owned(), object.name().to_owned())];
    let mut secret = |name: String| all.push(("Secret".to_owned(), name));
    match object.kind() {
        "Certificate" => secret(text(&object.spec()["secretName"]).to_owned()),
        "Cluster" => secret(format!("{}-ca", object.name())),
        _ => {}
    }
    all
}

pub(super) fn references(objects: &[Object]) -> Vec<String> {
    let there: BTreeSet<(String, String)> = objects.iter().flat_map(made).collect();
    let from_pods = objects.iter().filter(|object| object.is_workload());
    let mut told: Vec<String> = from_pods
        .flat_map(|object| referred(object).into_iter().map(move |one| (object, one)))
        .filter(|(_, one)| !there.contains(one))
        .map(|(object, (kind, name))| format!("{}: no {kind} {name}", object.title()))
        .collect();
    let unnamed = objects.iter().filter(|object| {
        object.is_workload() && text(&object.pod()["serviceAccountName"]).is_empty()
    });
    told.extend(unnamed.map(|object| format!("{}: no account of its own", object.title())));
    told.extend(objects.iter().flat_map(|object| others(object, &there)));
    told
}

/// What objects of operators refer to.
fn others(object: &Object, there: &BTreeSet<(String, String)>) -> Vec<String> {
    let spec = object.spec();
    let mut wanted = Vec::new();
    let mut want = |kind: &str, name: &Value| wanted.push((kind.to_owned(), text(name).to_owned()));
    match object.kind() {
        "Certificate" => want("Issuer", &spec["issuerRef"]["name"]),
        "Database" | "ScheduledBackup" => want("Cluster", &spec["cluster"]["name"]),
        "Cluster" => {
            for role in list(&spec["managed"]["roles"]) {
                want("Secret", &role["passwordSecret"]["name"]);
            }
            for plugin in list(&spec["plugins"]) {
                want("ObjectStore", &plugin["parameters"]["barmanObjectName"]);
            }
        }
        "HTTPRoute" => {
            for parent in list(&spec["parentRefs"]) {
                want("Gateway", &parent["name"]);
            }
            for backend in list(&spec["rules"])
                .iter()
                .flat_map(|rule| list(&rule["backendRefs"]))
            {
                want("Service", &backend["name"]);
            }
        }
        "ScaledObject" => {
            let target = &spec["scaleTargetRef"];
            want(text(&target["kind"]), &target["name"]);
            for trigger in list(&spec["triggers"]) {
                let proof = &trigger["authenticationRef"];
                if !proof.is_null() {
                    want("TriggerAuthentication", &proof["name"]);
                }
            }
        }
        "TriggerAuthentication" => {
            for one in list(&spec["secretTargetRef"]) {
                want("Secret", &one["name"]);
            }
        }
        "ObjectStore" => {
            let keys = &spec["configuration"]["s3Credentials"];
            want("Secret", &keys["accessKeyId"]["name"]);
            want("Secret", &keys["secretAccessKey"]["name"]);
        }
        _ => {}
    }
    let lost = wanted.into_iter().filter(|one| !there.contains(one));
    lost.map(|(kind, name)| format!("{}: no {kind} {name}", object.title()))
        .collect()
}

/// Mounts and volumes belong together, one to one.
pub(super) fn volumes(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    for object in objects.iter().filter(|object| object.is_workload()) {
        let volumes = list(&object.pod()["volumes"])
            .iter()
            .map(|one| text(&one["name"]));
        let claims = list(&object.spec()["volumeClaimTemplates"]).iter();
        let claims = claims.map(|one| text(&one["metadata"]["name"]));
        let there: BTreeSet<&str> = volumes.chain(claims).collect();
        let mounts = object
            .containers()
            .iter()
            .flat_map(|one| list(&one["volumeMounts"]));
        let used: BTreeSet<&str> = mounts.map(|one| text(&one["name"])).collect();
        let odd = there.symmetric_difference(&used);
        told.extend(odd.map(|name| format!("{}: volume {name}", object.title())));
    }
    told
}
