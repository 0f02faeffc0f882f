//! How KEDA asks control how many pods there are to be.

use control::domain::allowance::SERVICES;
use serde_json::json;

use crate::object::{Object, list, text};

/// Which part of a certificate's secret KEDA takes for what.
const PROOF: [(&str, &str); 3] = [
    ("caCert", "ca.crt"),
    ("tlsClientCert", "tls.crt"),
    ("tlsClientKey", "tls.key"),
];

fn named<'a>(objects: &'a [Object], kind: &str, name: &str) -> Option<&'a Object> {
    let mut all = objects.iter();
    all.find(|one| one.kind() == kind && one.name() == name)
}

fn scaled(objects: &[Object]) -> impl Iterator<Item = &Object> {
    objects.iter().filter(|one| one.kind() == "ScaledObject")
}

/// Every service that control decides on is asked about by its name, at control's port, in a way that falls back.
pub(super) fn asked(objects: &[Object]) -> Vec<String> {
    if scaled(objects).count() == 0 {
        return Vec::new();
    }
    let asked_about: Vec<&str> = scaled(objects).flat_map(|one| services(one)).collect();
    let missed = SERVICES.iter().filter(|one| !asked_about.contains(one));
    let missed = missed.map(|service| format!("nobody asks how many of {service} there are to be"));
    let wrong = scaled(objects).flat_map(|one| {
        let title = one.title();
        let faults = asks(objects, one).into_iter();
        faults.map(move |fault| format!("{title}: {fault}"))
    });
    missed.chain(wrong).collect()
}

/// The services that control is asked about.
fn services(scaled: &Object) -> Vec<&str> {
    let triggers = list(&scaled.spec()["triggers"]).iter();
    let external = triggers.filter(|one| one["type"] == "external");
    external
        .map(|one| text(&one["metadata"]["service"]))
        .collect()
}

fn asks(objects: &[Object], scaled: &Object) -> Vec<&'static str> {
    let spec = scaled.spec();
    let mut told = Vec::new();
    let target = text(&spec["scaleTargetRef"]["name"]);
    if services(scaled) != [target] {
        told.push("it does not ask about its own pods");
    }
    let triggers = list(&spec["triggers"]).iter();
    for trigger in triggers.filter(|one| one["type"] == "external") {
        let address = text(&trigger["metadata"]["scalerAddress"]);
        if !is_control(objects, address) {
            told.push("nobody answers there by that name");
        }
        // Of which one pod bears one: a plain value would be divided by nothing.
        if trigger["metricType"] != json!("AverageValue") {
            told.push("what control tells is a number for all pods together");
        }
    }
    let back = spec["fallback"]["replicas"].as_u64();
    if back < spec["minReplicaCount"].as_u64() || back > spec["maxReplicaCount"].as_u64() {
        told.push("where control is silent there are too few, or too many");
    }
    told
}

/// Whether control is at `address`, and has a certificate for the name by which it is looked for.
fn is_control(objects: &[Object], address: &str) -> bool {
    let Some((host, port)) = address.split_once(':') else {
        return false;
    };
    let place = |one: &Object| {
        format!(
            "{}.{}.svc",
            one.name(),
            text(&one.0["metadata"]["namespace"])
        )
    };
    let service = named(objects, "Service", "control").filter(|one| place(one) == host);
    let ports = service.map_or(&[][..], |one| list(&one.spec()["ports"]));
    let is_there = ports
        .iter()
        .any(|one| one["name"] == "grpc" && one["port"].as_u64() == port.parse().ok());
    let proof = named(objects, "Certificate", "control-peer");
    is_there && proof.is_some_and(|one| list(&one.spec()["dnsNames"]).contains(&json!(host)))
}

/// KEDA shows the certificate of a guest of control's, by the authority that control believes, and can be nobody else by it.
pub(super) fn proven(objects: &[Object]) -> Vec<String> {
    let shown = objects
        .iter()
        .filter(|one| one.kind() == "TriggerAuthentication");
    let wrong = shown.filter(|one| !proves(objects, one));
    let mut told: Vec<String> = wrong
        .map(|one| format!("{}: control lets nobody in by that", one.title()))
        .collect();
    let bare = scaled(objects).filter(|one| {
        let triggers = list(&one.spec()["triggers"]).iter();
        let mut external = triggers.filter(|one| one["type"] == "external");
        external.any(|one| one["authenticationRef"].is_null())
    });
    told.extend(bare.map(|one| format!("{}: KEDA shows nothing", one.title())));
    told
}

fn proves(objects: &[Object], shown: &Object) -> bool {
    let taken = list(&shown.spec()["secretTargetRef"]);
    let secret = text(&taken.first().unwrap_or(&json!(null))["name"]).to_owned();
    let wanted =
        PROOF.map(|(parameter, key)| json!({"parameter": parameter, "name": secret, "key": key}));
    let guests = <control::Service as chassis::Service>::GUESTS.iter();
    let names = guests.map(|guest| json!([discovery::tls::name(guest.name)]));
    let names: Vec<_> = names.collect();
    let believed =
        named(objects, "Certificate", "control-peer").map(|one| &one.spec()["issuerRef"]);
    let mut made = objects
        .iter()
        .filter(|one| one.kind() == "Certificate" && one.spec()["secretName"] == secret.as_str());
    let is_guest = made.any(|one| {
        let spec = one.spec();
        names.contains(&spec["dnsNames"])
            && Some(&spec["issuerRef"]) == believed
            && spec["usages"] == json!(["digital signature", "client auth"])
    });
    taken == wanted && is_guest
}
