//! How many there are of each workload, and where.

use serde_json::{Value, json};

use crate::object::{Object, labels, list, selects, text};

/// What `overlays/dev` has one of, and says so.
const SINGLE: [&str; 1] = ["Deployment valkey"];

/// Something that keeps as many pods as are needed.
pub(crate) struct Scaler<'a> {
    object: &'a Object,
    least: Option<u64>,
    pub(crate) most: Option<u64>,
    behavior: &'a Value,
}

/// Whatever scales here: an autoscaler, or what KEDA makes one from.
fn scalers(objects: &[Object]) -> impl Iterator<Item = Scaler<'_>> {
    objects.iter().filter_map(|object| {
        let spec = object.spec();
        let (least, most, behavior) = match object.kind() {
            "HorizontalPodAutoscaler" => ("minReplicas", "maxReplicas", &spec["behavior"]),
            "ScaledObject" => {
                let own = &spec["advanced"]["horizontalPodAutoscalerConfig"];
                ("minReplicaCount", "maxReplicaCount", &own["behavior"])
            }
            _ => return None,
        };
        let (least, most) = (spec[least].as_u64(), spec[most].as_u64());
        Some(Scaler {
            object,
            least,
            most,
            behavior,
        })
    })
}

impl Scaler<'_> {
    fn scales(&self, workload: &Object) -> bool {
        let target = &self.object.spec()["scaleTargetRef"];
        target["kind"] == workload.kind() && target["name"] == workload.name()
    }

    /// The resources by whose use it goes.
    fn measured(&self) -> impl Iterator<Item = &str> {
        let spec = self.object.spec();
        let metrics = list(&spec["metrics"])
            .iter()
            .map(|one| &one["resource"]["name"]);
        let triggers = list(&spec["triggers"]).iter().map(|one| &one["type"]);
        let all = metrics.chain(triggers).map(text);
        all.filter(|name| *name != "external")
    }
}

/// What scales `workload`.
pub(crate) fn scaler<'a>(objects: &'a [Object], workload: &Object) -> Option<Scaler<'a>> {
    scalers(objects).find(|one| one.scales(workload))
}

/// How many pods of `workload` there are at least.
pub(crate) fn least(objects: &[Object], workload: &Object) -> u64 {
    let fixed = || workload.spec()["replicas"].as_u64();
    let least = scaler(objects, workload).map_or_else(fixed, |one| one.least);
    least.unwrap_or(1)
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
    let mut told: Vec<String> = scalers(objects)
        .flat_map(|one| {
            let title = one.object.title();
            let faults = able(objects, &one).into_iter();
            faults.map(move |fault| format!("{title}: {fault}"))
        })
        .collect();
    let ours = objects
        .iter()
        .filter(|object| object.kind() == "Deployment" && object.service().is_some());
    let fixed = ours.filter(|object| scaler(objects, object).is_none());
    told.extend(fixed.map(|object| format!("{} does not grow", object.title())));
    told
}

fn able(objects: &[Object], scaler: &Scaler<'_>) -> Vec<&'static str> {
    let mut told = Vec::new();
    let Some(workload) = objects.iter().find(|object| scaler.scales(object)) else {
        return vec!["its target is not there"];
    };
    if scaler.least.is_none() || scaler.least >= scaler.most {
        told.push("it cannot grow");
    }
    if !workload.spec()["replicas"].is_null() {
        told.push("each apply takes back what it does");
    }
    let same = scalers(objects).filter(|one| one.scales(workload));
    if same.count() != 1 {
        told.push("another one pulls at the same pods");
    }
    let requested = |name: &str| {
        let each = workload.containers().iter();
        each.into_iter()
            .all(|one| !one["resources"]["requests"][name].is_null())
    };
    if scaler.measured().count() == 0 || !scaler.measured().all(requested) {
        told.push("it measures what no pod asks for");
    }
    if scaler.behavior["scaleDown"]["stabilizationWindowSeconds"].as_u64() < Some(60) {
        told.push("it goes down too fast");
    }
    told
}
