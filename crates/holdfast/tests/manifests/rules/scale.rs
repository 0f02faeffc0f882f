//! How many there are of each workload, and where.

use serde_json::{Value, json};

use crate::object::{Object, labels, list, selects, text};

/// What `overlays/dev` has one of, and says so.
const SINGLE: [&str; 1] = ["Deployment valkey"];

/// The autoscaler of `workload`.
pub(crate) fn autoscaler<'a>(objects: &'a [Object], workload: &Object) -> Option<&'a Object> {
    let mut all = objects
        .iter()
        .filter(|one| one.kind() == "HorizontalPodAutoscaler");
    all.find(|one| {
        let target = &one.spec()["scaleTargetRef"];
        target["kind"] == workload.kind() && target["name"] == workload.name()
    })
}

/// How many pods of `workload` there are at least.
pub(crate) fn least(objects: &[Object], workload: &Object) -> u64 {
    let scaled = autoscaler(objects, workload).map(|one| &one.spec()["minReplicas"]);
    let fixed = &workload.spec()["replicas"];
    scaled.unwrap_or(fixed).as_u64().unwrap_or(1)
}

/// Two of each at least, which do not lie on one node where there are more.
pub(super) fn spread(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    for object in objects.iter().filter(|object| object.is_lasting()) {
        let title = object.title();
        if SINGLE.contains(&title.as_str()) {
            continue;
        }
        if least(objects, object) < 2 {
            told.push(format!("{title} is alone"));
        }
        let mine = object.pod_labels();
        let apart = |one: &Value| {
            !labels(&one["labelSelector"]["matchLabels"]).is_empty()
                && selects(&one["labelSelector"], &mine)
        };
        let pod = object.pod();
        let spread = list(&pod["topologySpreadConstraints"]).iter();
        let never =
            &pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
        let hosts = spread.chain(list(never)).filter(|one| apart(one));
        if !hosts
            .map(|one| text(&one["topologyKey"]))
            .any(|key| key == "kubernetes.io/hostname")
        {
            told.push(format!("{title} may lie on one node"));
        }
    }
    let clusters = objects.iter().filter(|object| object.kind() == "Cluster");
    let close = clusters.filter(|one| {
        one.spec()["instances"].as_u64() < Some(3)
            || one.spec()["affinity"]["podAntiAffinityType"] != json!("required")
    });
    told.extend(close.map(|one| format!("{} may lie on one node", one.title())));
    told
}

pub(super) fn autoscalers(objects: &[Object]) -> Vec<String> {
    let all = objects
        .iter()
        .filter(|one| one.kind() == "HorizontalPodAutoscaler");
    let mut told: Vec<String> = all
        .flat_map(|one| {
            able(objects, one)
                .into_iter()
                .map(move |fault| format!("{}: {fault}", one.title()))
        })
        .collect();
    let ours = objects
        .iter()
        .filter(|object| object.kind() == "Deployment" && object.service().is_some());
    let fixed = ours.filter(|object| autoscaler(objects, object).is_none());
    told.extend(fixed.map(|object| format!("{} does not grow", object.title())));
    told
}

fn able(objects: &[Object], scaler: &Object) -> Vec<&'static str> {
    let spec = scaler.spec();
    let target = &spec["scaleTargetRef"];
    let is_target =
        |object: &&Object| target["kind"] == object.kind() && target["name"] == object.name();
    let mut told = Vec::new();
    let Some(workload) = objects.iter().find(is_target) else {
        return vec!["its target is not there"];
    };
    let (least, most) = (spec["minReplicas"].as_u64(), spec["maxReplicas"].as_u64());
    if least.is_none() || least >= most {
        told.push("it cannot grow");
    }
    if !workload.spec()["replicas"].is_null() {
        told.push("each apply takes back what it does");
    }
    let same = objects
        .iter()
        .filter(|one| one.kind() == scaler.kind() && one.spec()["scaleTargetRef"] == *target);
    if same.count() != 1 {
        told.push("another one pulls at the same pods");
    }
    let measured = list(&spec["metrics"])
        .iter()
        .map(|one| text(&one["resource"]["name"]));
    let requested = |name: &str| {
        let each = workload.containers().iter();
        each.into_iter()
            .all(|one| !one["resources"]["requests"][name].is_null())
    };
    if measured.clone().count() == 0 || !measured.into_iter().all(requested) {
        told.push("it measures what no pod asks for");
    }
    if spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"].as_u64() < Some(60) {
        told.push("it goes down too fast");
    }
    told
}
