//! What a pod must be like.

use serde_json::{Value, json};

use super::links::has_port;
use crate::object::{Object, list, quantity, seconds, text};
use crate::settings::default;

/// What a container must say to fit into a restricted namespace, and how it may be less than its image allows.
const CONFINED: [(&str, &str); 3] = [
    ("/allowPrivilegeEscalation", "false"),
    ("/readOnlyRootFilesystem", "true"),
    ("/capabilities/drop", r#"["ALL"]"#),
];

/// How long sagas and spans may take to end, once requests have.
const AFTERWARDS: u64 = 10;

fn workloads(objects: &[Object]) -> impl Iterator<Item = &Object> {
    objects.iter().filter(|object| object.is_workload())
}

/// The containers of all workloads, with what to call them.
fn containers(objects: &[Object]) -> impl Iterator<Item = (String, &Object, &Value)> {
    workloads(objects).flat_map(|object| {
        let each = object.containers().iter();
        each.map(move |one| {
            let title = format!("{}, {}", object.title(), text(&one["name"]));
            (title, object, one)
        })
    })
}

pub(super) fn confined(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    for object in workloads(objects) {
        let context = &object.pod()["securityContext"];
        let restricted = context["runAsNonRoot"] == json!(true)
            && context["runAsUser"].as_u64().is_some_and(|user| user > 0)
            && context["seccompProfile"]["type"] == json!("RuntimeDefault");
        if !restricted || object.pod()["hostNetwork"] == json!(true) {
            told.push(format!("{} is not confined", object.title()));
        }
    }
    for (title, _, container) in containers(objects) {
        let context = &container["securityContext"];
        let said = |path: &str| context.pointer(path).map(Value::to_string);
        let lax = CONFINED
            .iter()
            .filter(|(path, value)| said(path).as_deref() != Some(value));
        told.extend(lax.map(|(path, value)| format!("{title}: {path} is not {value}")));
    }
    told
}

/// An image is named with its tag, ours with the version of this repository.
pub(super) fn pinned(objects: &[Object]) -> Vec<String> {
    let mut images: Vec<(String, String)> = containers(objects)
        .map(|(title, _, container)| (title, text(&container["image"]).to_owned()))
        .collect();
    let clusters = objects.iter().filter(|object| object.kind() == "Cluster");
    images.extend(clusters.map(|one| (one.title(), text(&one.spec()["imageName"]).to_owned())));
    let ours = concat!(":", env!("CARGO_PKG_VERSION"));
    let loose = images.into_iter().filter(|(_, image)| {
        let name = image.rsplit('/').next().unwrap_or_default();
        let tag = name.split_once(':').map_or("", |(_, tag)| tag);
        let numbered = tag.contains('.') && tag.bytes().any(|byte| byte.is_ascii_digit());
        !numbered || (image.starts_with("holdfast/") && !image.ends_with(ours))
    });
    loose
        .map(|(title, image)| format!("{title}: {image}"))
        .collect()
}

/// Everything that lasts is asked three things, at ports that it has, by somebody who waits.
pub(super) fn probes(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    for (title, object, container) in containers(objects).filter(|(_, one, _)| one.is_lasting()) {
        for name in ["startupProbe", "readinessProbe", "livenessProbe"] {
            let probe = &container[name];
            let port = [&probe["httpGet"]["port"], &probe["tcpSocket"]["port"]];
            let lost = port
                .iter()
                .any(|port| !port.is_null() && !has_port(object, port));
            if probe["timeoutSeconds"].as_u64() < Some(2) || lost {
                told.push(format!(
                    "{title}: {name} is missing, in a hurry, or at no port"
                ));
            }
        }
        let asks = |name: &str| {
            let mut probe = container[name].clone();
            let how = ["httpGet", "exec", "tcpSocket"];
            how.map(|how| probe[how].take())
        };
        if asks("readinessProbe") == asks("livenessProbe") {
            told.push(format!("{title}: lives and is ready by the same word"));
        }
        if container["livenessProbe"]["httpGet"]["path"] == json!("/readyz") {
            told.push(format!("{title}: is killed for what others do"));
        }
    }
    told
}

/// A service gets the time that its drain takes, after those who call it have heard of it.
pub(super) fn ending(objects: &[Object]) -> Vec<String> {
    let ours = objects
        .iter()
        .filter(|object| object.is_lasting() && object.service().is_some());
    let mut told = Vec::new();
    for object in ours {
        let grace = object.pod()["terminationGracePeriodSeconds"]
            .as_u64()
            .unwrap_or(30);
        let heard = object.containers()[0]["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64();
        let set = |name: &str| {
            seconds(&crate::settings::given(objects, object, name).unwrap_or_else(|| default(name)))
        };
        let drain = set("DRAIN_GRACE") + set("DRAIN_LIMIT") + AFTERWARDS;
        match heard {
            None | Some(0) => {
                told.push(format!("{} goes before others have heard", object.title()));
            }
            Some(heard) if heard + drain > grace => told.push(format!(
                "{} is killed after {grace} s, and may need {heard} and {drain}",
                object.title()
            )),
            Some(_) => {}
        }
    }
    told
}

pub(super) fn resources(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    for (title, _, container) in containers(objects) {
        let amount = |kind: &str, name: &str| quantity(&container["resources"][kind][name]);
        let (asked, most) = (amount("requests", "memory"), amount("limits", "memory"));
        if amount("requests", "cpu").is_none() || asked.is_none() || most.is_none() || asked > most
        {
            told.push(format!(
                "{title}: asks for nothing, or for more than it may have"
            ));
        }
        // Without a limit of its own, a runtime or a hash would size itself by the node.
        if amount("limits", "cpu").is_some() {
            told.push(format!("{title}: is throttled"));
        }
    }
    told
}

pub(super) fn jobs(objects: &[Object]) -> Vec<String> {
    let version = concat!("-", env!("CARGO_PKG_VERSION")).replace('.', "-");
    let jobs = objects.iter().filter(|object| object.kind() == "Job");
    let endless = jobs.filter(|job| {
        let set = |name: &str| job.spec()[name].as_u64().is_some();
        let ends =
            set("backoffLimit") && set("activeDeadlineSeconds") && set("ttlSecondsAfterFinished");
        let wrong = list(&job.spec()["podFailurePolicy"]["rules"])
            .iter()
            .any(|rule| {
                rule["action"] == json!("FailJob") && rule["onExitCodes"]["values"] == json!([64])
            });
        !(ends
            && wrong
            && job.pod()["restartPolicy"] == json!("Never")
            && job.name().ends_with(&version))
    });
    endless
        .map(|job| {
            format!(
                "{} does not end, or is not called for its version",
                job.title()
            )
        })
        .collect()
}
