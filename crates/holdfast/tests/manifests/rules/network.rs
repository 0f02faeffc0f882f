//! Who reaches whom, by the policies as Kubernetes reads them.

use serde_json::{Value, json};

use crate::object::{Labels, Object, labels, list, selects, text};

/// By this label a namespace is told by its name.
const NAMESPACE: &str = "kubernetes.io/metadata.name";
/// Ours.
const HERE: &str = "holdfast";

/// A set of pods that are alike.
#[derive(Debug)]
struct Pods {
    name: String,
    namespace: &'static str,
    labels: Labels,
    ports: Vec<(String, u64)>,
}

/// Everybody, operators' pods included.
fn everybody(objects: &[Object]) -> Vec<Pods> {
    let workloads = objects.iter().filter(|object| object.is_workload());
    let mut all: Vec<Pods> = workloads
        .map(|object| Pods {
            name: object
                .pod_labels()
                .remove("app.kubernetes.io/name")
                .unwrap_or_default(),
            namespace: HERE,
            labels: object.pod_labels(),
            ports: ports(object),
        })
        .collect();
    for cluster in objects.iter().filter(|object| object.kind() == "Cluster") {
        let mut worn = labels(&cluster.spec()["inheritedMetadata"]["labels"]);
        worn.insert("cnpg.io/cluster".to_owned(), cluster.name().to_owned());
        all.push(Pods {
            name: cluster.name().to_owned(),
            namespace: HERE,
            labels: worn,
            ports: vec![("postgres".to_owned(), 5432)],
        });
    }
    all
}

/// Those of KEDA, where it scales anything: its operator, and one that has no business here.
fn outside(objects: &[Object]) -> Vec<Pods> {
    let asked = objects.iter().any(|one| one.kind() == "ScaledObject");
    let pods = [
        ("keda", "keda", "keda-operator"),
        ("its metrics", "keda", "keda-metrics-apiserver"),
        ("its like elsewhere", "default", "keda-operator"),
    ];
    let pods = pods.map(|(name, namespace, app)| Pods {
        name: name.to_owned(),
        namespace,
        labels: [("app".to_owned(), app.to_owned())].into(),
        ports: Vec::new(),
    });
    pods.into_iter().filter(|_| asked).collect()
}

fn ports(object: &Object) -> Vec<(String, u64)> {
    let all = object
        .containers()
        .iter()
        .flat_map(|one| list(&one["ports"]));
    all.into_iter()
        .filter_map(|one| {
            Some((
                text(&one["name"]).to_owned(),
                one["containerPort"].as_u64()?,
            ))
        })
        .collect()
}

/// Who calls `service`, be it for a single thing.
fn calls<S: chassis::Service>() -> Vec<&'static str> {
    let guests = S::GUESTS.iter().map(|guest| guest.name);
    S::CALLERS.iter().copied().chain(guests).collect()
}

/// Whether `from` has business at the port of `to`. Who calls a service, its code says.
fn needed(from: &Pods, to: &Pods, port: &str) -> bool {
    let callers = match to.name.as_str() {
        "user" => calls::<user::Service>(),
        "order" => calls::<order::Service>(),
        "news" => calls::<news::Service>(),
        "gateway" => calls::<gateway::Gateway>(),
        "control" => calls::<control::Service>(),
        _ => Vec::new(),
    };
    let from = from.name.as_str();
    let keeps = |name: &str| ["user", "order", "news", "control"].contains(&name);
    match (to.name.as_str(), port) {
        ("postgres", "postgres") => keeps(from.trim_end_matches("-migrate")) || from == "postgres",
        ("valkey", "sentinel") => keeps(from) || ["gateway", "valkey"].contains(&from),
        // One alone has nobody to follow.
        ("valkey", "redis") => {
            keeps(from) || from == "gateway" || (from == "valkey" && to.ports.len() > 1)
        }
        // Control asks all whether they are there.
        (_, "grpc") => callers.contains(&from) || from == "control",
        ("gateway", "http") => from == "control",
        _ => false,
    }
}

/// Complains of needed ways that are closed, and of others that are open.
pub(super) fn ways(objects: &[Object]) -> Vec<String> {
    let policies: Vec<&Object> = objects
        .iter()
        .filter(|object| object.kind() == "NetworkPolicy")
        .collect();
    let (all, outside) = (everybody(objects), outside(objects));
    let mut told = Vec::new();
    for from in all.iter().chain(&outside) {
        for to in &all {
            for (name, number) in &to.ports {
                let needed = needed(from, to, name);
                let sides = [("egress", from, to), ("ingress", to, from)];
                // What others let their own pods do, others say.
                let ours = sides.into_iter().filter(|(_, at, _)| at.namespace == HERE);
                let wrong = ours.filter(|(way, at, peer)| {
                    lets(&policies, way, at, peer, name, *number) != needed
                });
                told.extend(wrong.map(|(way, ..)| {
                    let state = if needed { "closed" } else { "open" };
                    format!("{way} from {} to {} at {name}: {state}", from.name, to.name)
                }));
            }
        }
    }
    told
}

/// Whether policies of `at` let it speak with `peer` in that direction: some rule of some policy that selects it must.
fn lets(policies: &[&Object], way: &str, at: &Pods, peer: &Pods, name: &str, number: u64) -> bool {
    let field = if way == "egress" { "to" } else { "from" };
    let mine = policies
        .iter()
        .filter(|one| selects(&one.spec()["podSelector"], &at.labels));
    let mut rules = mine.flat_map(|one| list(&one.spec()[way]));
    rules.any(|rule| {
        let ports = list(&rule["ports"]);
        let port = ports.is_empty()
            || ports
                .iter()
                .any(|one| one["port"] == name || one["port"] == number);
        let peers = list(&rule[field]);
        let namespace = [(NAMESPACE.to_owned(), peer.namespace.to_owned())].into();
        // Addresses are others'. Where no namespace is named, ours is meant.
        let meant = |one: &Value| {
            let spaces = &one["namespaceSelector"];
            let there = match spaces {
                Value::Null => peer.namespace == HERE,
                _ => selects(spaces, &namespace),
            };
            there && one["ipBlock"].is_null() && selects(&one["podSelector"], &peer.labels)
        };
        port && (peers.is_empty() || peers.iter().any(meant))
    })
}

/// Nothing is open by itself, names can be looked up, and everybody has a policy.
pub(super) fn covered(objects: &[Object]) -> Vec<String> {
    let policies = objects
        .iter()
        .filter(|object| object.kind() == "NetworkPolicy");
    let both = json!(["Ingress", "Egress"]);
    let (closed, own): (Vec<&Object>, Vec<&Object>) =
        policies.partition(|one| one.spec()["podSelector"] == json!({}));
    let denies = |one: &&Object| {
        one.spec()["policyTypes"] == both
            && one.spec()["ingress"].is_null()
            && one.spec()["egress"].is_null()
    };
    let mut told = Vec::new();
    if !closed.iter().any(denies) {
        told.push("nothing is closed by itself".to_owned());
    }
    let asks = |one: &&Object| {
        let ports = list(&one.spec()["egress"])
            .iter()
            .flat_map(|rule| list(&rule["ports"]));
        ports.filter(|port| port["port"] == 53).count() == 2
    };
    if !closed.iter().any(asks) {
        told.push("names cannot be looked up".to_owned());
    }
    for pods in everybody(objects) {
        if !own
            .iter()
            .any(|one| selects(&one.spec()["podSelector"], &pods.labels))
        {
            told.push(format!("{} has no policy of its own", pods.name));
        }
    }
    told
}
