//! What the cluster sets is what the services know, and each service starts by it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use chassis::{Env, NotStarted, Running, Setting};
use holdfast::certs;
use holdfast::house::Kind;
use serde_json::{Value, json};

use super::object::{Object, list, text};
use super::overlay::{OVERLAYS, Tree, k8s, rendered};

/// What `migrate` reads, beside what tells it how to log.
const MIGRATE: [&str; 4] = ["DATABASE_OWNER_URL", "DATABASE_URLS", "MASTER_KEY", "SEED"];
const LOGGING: [&str; 2] = ["LOG", "LOG_FORMAT"];
/// Read by the runtime that every service is built on.
const RUNTIME: &str = "TOKIO_WORKER_THREADS";
/// What Kubernetes sets in every pod.
const BY_KUBERNETES: [(&str, &str); 4] = [
    ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
    ("KUBERNETES_SERVICE_PORT", "443"),
    ("KUBERNETES_PORT", "tcp://10.96.0.1:443"),
    ("HOSTNAME", "order-66d865d967-4phbl"),
];
/// Where secrets are mounted.
const MOUNTED: &str = "/run/secrets";

/// The page on settings, which is what the tables say (`house/settings.rs`).
static PAGE: LazyLock<String> =
    LazyLock::new(|| std::fs::read_to_string(k8s().join("../docs/settings.md")).unwrap());

/// The default of a setting that all services share.
pub(crate) fn default(name: &str) -> String {
    default_of("Every service", name)
}

/// The default of a setting of `service`.
pub(crate) fn default_of(service: &str, name: &str) -> String {
    let (_, section) = PAGE.split_once(&format!("## {service}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap_or_default();
    let line = section
        .lines()
        .find(|line| line.starts_with(&format!("| `{name}` |")));
    let default = line.and_then(|line| line.split(" | ").nth(1));
    default
        .unwrap_or_else(|| panic!("{service} has no setting {name}"))
        .trim_matches('`')
        .to_owned()
}

/// All that `container` is told by its environment.
pub(crate) fn environment(objects: &[Object], container: &Value) -> BTreeMap<String, String> {
    let maps = list(&container["envFrom"])
        .iter()
        .map(|one| &one["configMapRef"]["name"]);
    let shared = maps.flat_map(|name| {
        let map = objects
            .iter()
            .find(|one| one.kind() == "ConfigMap" && one.name() == text(name));
        map.unwrap().0["data"].as_object().into_iter().flatten()
    });
    let shared = shared.map(|(name, value)| (name.clone(), text(value).to_owned()));
    let own = list(&container["env"]).iter();
    let own = own.map(|one| {
        (
            text(&one["name"]).to_owned(),
            text(&one["value"]).to_owned(),
        )
    });
    shared.chain(own).collect()
}

/// What `name` is set to in the first container of `workload`, be it the path of a file.
pub(crate) fn given(objects: &[Object], workload: &Object, name: &str) -> Option<String> {
    let set = environment(objects, workload.containers().first()?);
    set.get(name)
        .or_else(|| set.get(&format!("{name}_FILE")))
        .cloned()
}

fn kind(name: &str) -> Kind {
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    found.unwrap_or_else(|| panic!("holdfast/{name} is no image of ours"))
}

/// Whether a container of a service, called with `args`, reads `name`.
fn is_read(service: &str, args: &Value, name: &str) -> bool {
    let bare = name.strip_suffix("_FILE").unwrap_or(name);
    if *args == json!(["migrate"]) {
        return MIGRATE.contains(&bare) || LOGGING.contains(&bare);
    }
    let mut known = chassis::SETTINGS
        .iter()
        .chain(kind(service).settings())
        .map(Setting::name);
    bare == RUNTIME || known.any(|known| known == bare)
}

/// Complains of names that nobody reads.
fn strangers(objects: &[Object]) -> Vec<String> {
    let ours = objects
        .iter()
        .filter_map(|object| Some((object, object.service()?)));
    ours.flat_map(|(object, service)| {
        let container = &object.containers()[0];
        let set = environment(objects, container);
        let unread = set
            .into_keys()
            .filter(move |name| !is_read(service, &container["args"], name));
        unread.map(|name| format!("{}: nobody reads {name}", object.title()))
    })
    .collect()
}

/// Complains of a port or a command that is not the service's.
fn foreign(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    for object in objects
        .iter()
        .filter(|one| one.is_workload() && one.service().is_some())
    {
        let container = &object.containers()[0];
        let command = if object.is_lasting() {
            "serve"
        } else {
            "migrate"
        };
        if container["args"] != json!([command]) || !container["command"].is_null() {
            told.push(format!("{}: {command} is not what it does", object.title()));
        }
        if !object.is_lasting() {
            continue;
        }
        let listens = |name: &str| given(objects, object, name).unwrap_or_else(|| default(name));
        let wanted = ["LISTEN", "ADMIN_LISTEN"]
            .map(|name| listens(name).rsplit(':').next().map(str::to_owned));
        let shown = list(&container["ports"]).iter();
        let shown: Vec<_> = shown
            .map(|port| Some(port["containerPort"].to_string()))
            .collect();
        if shown != wanted {
            told.push(format!(
                "{}: at {wanted:?}, not at {shown:?}",
                object.title()
            ));
        }
    }
    told
}

#[test]
#[ignore = "needs kubectl: make test-k8s"]
fn no_name_is_set_that_nobody_reads_and_ports_and_commands_are_those_of_the_services() {
    for overlay in OVERLAYS {
        let told = [strangers(rendered(overlay)), foreign(rendered(overlay))].concat();

        assert!(told.is_empty(), "{overlay}:\n{}", told.join("\n"));
    }
}

#[test]
#[ignore = "needs kubectl: make test-k8s"]
fn a_name_that_nobody_reads_and_a_port_that_is_not_there_are_told() {
    let mut objects = rendered("dev").to_vec();
    let order = objects
        .iter_mut()
        .find(|one| one.title() == "Deployment order")
        .unwrap();
    let container = &mut order.0["spec"]["template"]["spec"]["containers"][0];
    container["env"][1]["name"] = json!("DATABASE_URL");
    container["ports"][0]["containerPort"] = json!(50052);

    let told = [strangers(&objects), foreign(&objects)].concat();

    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("nobody reads DATABASE_URL"), "{told:?}");
    assert!(told[1].contains("50052"), "{told:?}");
}

#[test]
#[ignore = "needs kubectl: make test-k8s"]
fn every_service_is_there_with_its_image_and_every_keeper_is_migrated() {
    for overlay in OVERLAYS {
        let of = |kind: &str| {
            let all = rendered(overlay)
                .iter()
                .filter(|object| object.kind() == kind);
            let mut all: Vec<&str> = all.filter_map(Object::service).collect();
            all.sort_unstable();
            all
        };
        let mut kinds = Kind::ALL.map(Kind::name);
        kinds.sort_unstable();
        let mut keepers = holdfast::house::Ground::KEEPERS;
        keepers.sort_unstable();

        assert_eq!(of("Deployment"), kinds, "{overlay}");
        assert_eq!(of("Job"), keepers, "{overlay}");
    }
}

#[tokio::test]
#[ignore = "needs kubectl: make test-k8s"]
async fn each_service_starts_by_what_the_cluster_tells_it() {
    for overlay in OVERLAYS {
        let (tree, proofs) = (Tree::copy(), tempfile::tempdir().unwrap());
        tree.make_secrets(overlay);
        certs::write(proofs.path(), &["localhost".to_owned()]).unwrap();
        let deployments = rendered(overlay)
            .iter()
            .filter(|one| one.kind() == "Deployment");
        for (object, service) in deployments.filter_map(|one| Some((one, one.service()?))) {
            let env = environment(rendered(overlay), &object.containers()[0]);
            let env = here(env, service, &tree.secrets(overlay), proofs.path());

            let started = start(kind(service), env).await;

            let running = started.unwrap_or_else(|error| panic!("{overlay}, {service}: {error}"));
            for path in probed(object) {
                let answer = reqwest::get(format!("http://{}{path}", running.admin_addr))
                    .await
                    .unwrap();
                let asked = answer.status().as_u16();
                // Nobody is there whom it needs, so it is not ready; but it knows the question.
                let known = if path == "/readyz" { 503 } else { 200 };
                assert_eq!(asked, known, "{overlay}, {service}: {path}");
            }
            running.stop().await;
        }
    }
}

/// What a service is told, with ports of this machine, and with the files that are mounted in the cluster.
fn here(env: BTreeMap<String, String>, service: &str, secrets: &Path, proofs: &Path) -> Env {
    let proof = |name: &str| match name {
        "tls.crt" => format!("{service}.pem"),
        "tls.key" => format!("{service}.key"),
        _ => "ca.pem".to_owned(),
    };
    let found = |value: String| {
        let Some(path) = value.strip_prefix(MOUNTED) else {
            return value;
        };
        let file = path.rsplit('/').next().unwrap_or_default();
        let folder = path.trim_start_matches('/').split('/').next();
        let place = match folder {
            Some("peer") => proofs.join(proof(file)),
            _ => secrets.join(service).join(file),
        };
        place.display().to_string()
    };
    let told = env.into_iter().map(|(name, value)| (name, found(value)));
    let local = [
        ("LISTEN", "127.0.0.1:0"),
        ("ADMIN_LISTEN", "127.0.0.1:0"),
        ("DRAIN_GRACE", "0s"),
        ("LOG", "off"),
    ];
    let more = local.into_iter().chain(BY_KUBERNETES);
    Env::of(told.chain(more.map(|(name, value)| (name.to_owned(), value.to_owned()))))
}

async fn start(kind: Kind, env: Env) -> Result<Running, NotStarted> {
    match kind {
        Kind::User => chassis::start("user", env, user::Service::connect).await,
        Kind::News => chassis::start("news", env, news::Service::connect).await,
        Kind::Order => chassis::start("order", env, order::Service::connect).await,
        Kind::Gateway => chassis::start("gateway", env, gateway::Gateway::connect).await,
        Kind::Control => chassis::start("control", env, control::Service::connect).await,
    }
}

/// The paths that the kubelet and Prometheus ask for at the admin port.
fn probed(object: &Object) -> Vec<String> {
    let container = &object.containers()[0];
    let probes = ["startupProbe", "readinessProbe", "livenessProbe"];
    let paths = probes.map(|probe| text(&container[probe]["httpGet"]["path"]).to_owned());
    let monitors = rendered("ha")
        .iter()
        .filter(|one| one.kind() == "ServiceMonitor");
    let scraped = monitors.flat_map(|one| list(&one.spec()["endpoints"]));
    let scraped = scraped.map(|one| text(&one["path"]).to_owned());
    paths.into_iter().chain(scraped).collect()
}
