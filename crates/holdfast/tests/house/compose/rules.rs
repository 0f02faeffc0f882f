//! What containers are told fits what their programs know, and where one looks another is.

use chassis::Setting;
use holdfast::house::Kind;

use super::file::{Container, House, substituted, text};

pub(super) const COMPOSE: &str = "docker-compose.yml";
const HAPROXY: &str = "deploy/haproxy/haproxy.cfg";
/// What this version of the house is called.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Names that stand for an image that may be another one tomorrow.
const LOOSE: [&str; 4] = ["latest", "main", "stable", "edge"];
/// What an image may lack.
const LACKING: [&str; 5] = ["CMD-SHELL", "sh -c", "curl", "wget", "/bin/sh"];
/// Whose image is Alpine's, and holds a wget.
const ALPINE: [&str; 2] = ["grafana", "jaeger"];
/// Whose image holds its program alone, and that cannot ask.
const UNASKED: [&str; 1] = ["collector"];

/// The kind of service that a container is or migrates, and what it may be set by.
fn known(container: &Container) -> Option<(Kind, Vec<Setting>)> {
    let migrates = container.name.strip_prefix("migrate-");
    let name = migrates.unwrap_or(&container.name);
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    let mut known = [chassis::SETTINGS, kind.settings()].concat();
    if migrates.is_some() {
        known.extend_from_slice(chassis::MIGRATE_SETTINGS);
    }
    Some((kind, known))
}

/// The services themselves.
fn services(house: &House) -> Vec<(Container, Kind)> {
    let all = house.containers().into_iter();
    all.filter(|one| !one.is_job())
        .filter_map(|one| known(&one).map(|(kind, _)| (one, kind)))
        .collect()
}

pub(super) fn settings_are_known(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for container in house.containers() {
        let Some((_, known)) = known(&container) else {
            continue;
        };
        for (name, _) in container.environment() {
            let plain = name.strip_suffix("_FILE").unwrap_or(&name);
            if !known.iter().any(|setting| setting.name() == plain) {
                wrong.push(format!("{}: {name} is no setting of it", container.name));
            }
        }
    }
    wrong
}

pub(super) fn what_is_required_is_set(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for (container, kind) in services(house) {
        let set: Vec<String> = container
            .environment()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let all = [chassis::SETTINGS, kind.settings()].concat();
        for setting in all.iter().filter(|setting| setting.is_required()) {
            let name = setting.name();
            if !set
                .iter()
                .any(|one| one.strip_suffix("_FILE").unwrap_or(one) == name)
            {
                wrong.push(format!("{}: {name} is not set", container.name));
            }
        }
    }
    wrong
}

pub(super) fn files_of_settings_are_in_a_volume(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for container in house.containers() {
        let mounts = container.mounts();
        for (name, value) in container.environment() {
            let path = value.unwrap_or_default();
            let is_file =
                name.ends_with("_FILE") || (name.contains("TLS_") && !name.ends_with("_NAME"));
            let kept = |(_, at, only_read): &(String, String, bool)| {
                *only_read && path.starts_with(&format!("{at}/"))
            };
            if is_file && !mounts.iter().any(kept) {
                wrong.push(format!(
                    "{}: {name} is {path}, where nothing is mounted to be read",
                    container.name
                ));
            }
        }
    }
    wrong
}

/// The port at the end of an address.
fn port(addr: &str) -> &str {
    addr.rsplit(':').next().unwrap_or_default()
}

/// Where a service listens: as its container says, or by default.
fn listens(container: &Container, setting: &str) -> String {
    let default = chassis::SETTINGS.iter().find(|one| one.name() == setting);
    let default = default.and_then(Setting::default).unwrap_or_default();
    let addr = container.set(setting).unwrap_or_else(|| default.to_owned());
    port(&addr).to_owned()
}

pub(super) fn neighbours_are_where_they_listen(house: &House) -> Vec<String> {
    let services = services(house);
    let mut wrong = Vec::new();
    for (container, _) in &services {
        for (name, value) in container.environment() {
            let Some(neighbour) = name.strip_suffix("_ADDRS") else {
                continue;
            };
            let neighbour = neighbour.to_lowercase();
            let there = services.iter().find(|(one, _)| one.name == neighbour);
            let there =
                there.map(|(one, _)| format!("dns://{neighbour}:{}", listens(one, "LISTEN")));
            if there.is_none() || value != there {
                wrong.push(format!(
                    "{}: {name} is {value:?}, and it is at {there:?}",
                    container.name
                ));
            }
        }
    }
    wrong
}

pub(super) fn doors_lead_to_gateways(house: &House) -> Vec<String> {
    let services = services(house);
    let gateway = services.iter().find(|(_, kind)| *kind == Kind::Gateway);
    let (gateway, _) = gateway.unwrap();
    let haproxy = house.text(HAPROXY);
    let mut wrong = Vec::new();
    let led = format!(" gateway:{} check", listens(gateway, "LISTEN"));
    if !haproxy.contains(&led) {
        wrong.push(format!("{HAPROXY} does not lead to `{led}`"));
    }
    let bound = haproxy
        .lines()
        .find_map(|line| line.trim().strip_prefix("bind \"${EDGE_ADDRESS}:"));
    let bound = bound.unwrap_or_default().trim_end_matches('"');
    let doors = house.containers().into_iter();
    for container in doors.filter(|one| one.name.starts_with("haproxy-")) {
        for published in container.list("ports") {
            if port(&published) != bound {
                wrong.push(format!(
                    "{}: {published} leads to a port that is not {bound}",
                    container.name
                ));
            }
        }
    }
    let exposed = format!(
        "EXPOSE {} {}",
        listens(gateway, "LISTEN"),
        listens(gateway, "ADMIN_LISTEN")
    );
    if !house.text("Dockerfile").contains(&exposed) {
        wrong.push(format!("the Dockerfile does not `{exposed}`"));
    }
    wrong
}

/// Nobody reads what passes through HAProxy, so it has to say who comes, and to be believed.
pub(super) fn customers_come_over_tls_and_are_named(house: &House) -> Vec<String> {
    let services = services(house);
    let gateway = services.iter().find(|(_, kind)| *kind == Kind::Gateway);
    let (gateway, _) = gateway.unwrap();
    let mut wrong = Vec::new();
    for name in ["TLS_CERT", "TLS_KEY"] {
        if gateway.set(name).is_none() {
            wrong.push(format!("gateway: {name} is not set"));
        }
    }
    let named = house
        .text(HAPROXY)
        .contains("default-server send-proxy-v2 ");
    if !named || gateway.set("PROXY_PROTOCOL").as_deref() != Some("true") {
        wrong.push("gateways and HAProxy do not agree on how customers are named".to_owned());
    }
    let doors = house.containers().into_iter();
    let doors = doors.filter(|one| one.name.starts_with("haproxy-"));
    let doors = doors.map(|one| text(&one.all["networks"]["core"]["ipv4_address"]));
    let doors = doors.collect::<Vec<_>>().join(",");
    if gateway.set("TRUSTED_PROXIES").as_ref() != Some(&doors) {
        wrong.push(format!("gateway: TRUSTED_PROXIES is not {doors}"));
    }
    wrong
}

pub(super) fn probes_are_where_they_answer(house: &House) -> Vec<String> {
    let haproxy = house.text(HAPROXY);
    let mut wrong = Vec::new();
    let path = format!("option httpchk GET {}\n", chassis::READY);
    if !haproxy.contains(&path) {
        wrong.push(format!("{HAPROXY} has no `{}`", path.trim()));
    }
    for (container, kind) in services(house) {
        let port = format!("check port {}", listens(&container, "ADMIN_LISTEN"));
        if kind == Kind::Gateway && !haproxy.contains(&format!("{port} resolvers")) {
            wrong.push(format!("{HAPROXY} does not `{port}`"));
        }
        let asks = [
            "CMD".to_owned(),
            format!("/app/{}", kind.name()),
            "healthcheck".to_owned(),
        ];
        let test: Vec<String> = check(&container);
        if test != asks {
            wrong.push(format!("{} is asked by {test:?}", container.name));
        }
    }
    wrong
}

fn check(container: &Container) -> Vec<String> {
    let test = container.all["healthcheck"]["test"].as_sequence();
    let words = test.into_iter().flatten();
    words
        .filter_map(|word| Some(word.as_str()?.to_owned()))
        .collect()
}

pub(super) fn images_are_ours_by_name_and_version(house: &House) -> Vec<String> {
    let stages = house.stages();
    let mut wrong = Vec::new();
    for container in house.containers() {
        if container.all["build"].is_null() {
            continue;
        }
        let target = container.all["build"]["target"]
            .as_str()
            .unwrap_or("postgres");
        let image = format!("holdfast/{target}:{VERSION}");
        if container.image() != image {
            wrong.push(format!(
                "{}: {} is not {image}",
                container.name,
                container.image()
            ));
        }
        if target != "postgres" && !stages.contains(&target) {
            wrong.push(format!(
                "{}: the Dockerfile has no stage {target}",
                container.name
            ));
        }
        if container.all["build"]["context"] == "." {
            let (_, stage) = house
                .text("Dockerfile")
                .split_once(&format!(" AS {target}\n"))
                .unwrap_or_default();
            let begins = format!("ENTRYPOINT [\"/app/{target}\"]");
            if !stage
                .split("\nFROM ")
                .next()
                .unwrap_or_default()
                .contains(&begins)
            {
                wrong.push(format!("the stage {target} does not begin with `{begins}`"));
            }
        }
    }
    let label = format!("image.version=\"{VERSION}\"");
    if !house.text("Dockerfile").contains(&label) {
        wrong.push(format!("the Dockerfile does not say {label}"));
    }
    wrong
}

pub(super) fn images_of_others_are_pinned_and_may_be_chosen(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = house.text(COMPOSE).lines();
    for line in lines.filter(|line| line.trim_start().starts_with("image: ")) {
        let image = line.trim_start().trim_start_matches("image: ");
        let plain = substituted(image);
        let tag = plain
            .rsplit_once(':')
            .map(|(_, tag)| tag)
            .unwrap_or_default();
        let ours = image.starts_with("holdfast/");
        if !ours && !image.starts_with("${") {
            wrong.push(format!("{image} cannot be chosen by a variable"));
        }
        if !tag.contains(|one: char| one.is_ascii_digit()) || LOOSE.contains(&tag) {
            wrong.push(format!("{image} is not pinned"));
        }
    }
    wrong
}

pub(super) fn checks_use_what_their_image_holds(house: &House) -> Vec<String> {
    let mut wrong = Vec::new();
    for container in house.containers() {
        let test = check(&container);
        let unasked = container.is_job() || UNASKED.contains(&container.name.as_str());
        if test.first().map(String::as_str) != Some("CMD") && !unasked {
            wrong.push(format!(
                "{}: nothing says whether it is well",
                container.name
            ));
        }
        let words = test.join(" ");
        let holds = |one: &&str| *one == "wget" && ALPINE.contains(&container.name.as_str());
        let lacking = LACKING.iter().filter(|one| !holds(one));
        let lacking = lacking.filter(|one| words.contains(**one));
        wrong.extend(lacking.map(|one| format!("{} is asked by {one}", container.name)));
    }
    wrong
}
