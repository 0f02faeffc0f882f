//! Prometheus' rules: plain files, which promtool reads and tests, and of which containers and the cluster are told the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::object::{Object, labels, list, selects, text};
use super::overlay::{k8s, rendered, run};
use super::watched::content::{deploy, files, groups, items, rule_files, rules, yaml};

/// How promtool is missed.
const PROMTOOL: &str = "promtool (Debian's package `prometheus`)";
const SEVERITIES: [&str; 3] = ["page", "ticket", "none"];

fn prometheus() -> PathBuf {
    deploy().join("prometheus")
}

/// Every file of rules.
fn all_files() -> Vec<PathBuf> {
    let mut all = rule_files("kubernetes");
    all.extend(files(&prometheus().join("rules/containers"), "yaml"));
    all
}

fn alerts() -> Vec<Value> {
    rules()
        .into_iter()
        .filter(|rule| rule["alert"].is_string())
        .collect()
}

#[test]
#[ignore = "needs promtool: make test-k8s"]
fn promtool_reads_every_rule_and_each_does_what_its_tests_say() {
    let promtool = || Command::new("promtool");
    let checked = run(
        promtool().args(["check", "rules"]).args(all_files()),
        PROMTOOL,
    );
    run(
        promtool()
            .args(["test", "rules"])
            .args(files(&prometheus().join("tests"), "yaml")),
        PROMTOOL,
    );
    let config = prometheus().join("prometheus.yml");
    run(promtool().args(["check", "config"]).arg(config), PROMTOOL);

    assert_eq!(
        checked.matches("SUCCESS").count(),
        all_files().len(),
        "{checked}"
    );
}

#[test]
#[ignore = "needs promtool: make test-k8s"]
fn promtool_finds_a_rule_that_nobody_can_evaluate() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("rules.yaml");
    let text = fs::read_to_string(prometheus().join("rules/edge.yaml")).unwrap();
    fs::write(&file, text.replacen("sum(", "sum((", 1)).unwrap();

    let checked = Command::new("promtool")
        .args(["check", "rules"])
        .arg(&file)
        .output()
        .unwrap();

    assert!(!checked.status.success());
}

#[test]
fn the_rules_of_the_cluster_are_recorded_as_the_files_have_them() {
    let path = k8s().join("components/monitoring/rules.yaml");
    let now = json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "shop"},
        "spec": {"groups": groups(&rule_files("kubernetes"))},
    });
    if recording() {
        let body = serde_yaml_ng::to_string(&now).unwrap();
        let text =
            format!("# Written from deploy/prometheus/rules by a test (`make record`).\n{body}");
        return fs::write(path, text).unwrap();
    }

    assert_eq!(
        yaml(&path),
        now,
        "rules.yaml is not what deploy/prometheus/rules says any more: `make record` writes it anew"
    );
}

#[test]
fn every_alert_says_how_much_it_matters_and_what_to_do() {
    let root = k8s().join("..");
    let wrong: Vec<String> = alerts()
        .iter()
        .filter_map(|alert| {
            let name = text(&alert["alert"]);
            let severity = text(&alert["labels"]["severity"]);
            let (page, anchor) = text(&alert["annotations"]["runbook_url"]).split_once('#')?;
            let page = fs::read_to_string(root.join(page)).unwrap_or_default();
            let told = page.lines().any(|line| line == format!("## {name}"));
            let fine = told && anchor == name.to_lowercase() && SEVERITIES.contains(&severity);
            (!fine).then(|| format!("{name} is of no severity, or its page does not tell of it"))
        })
        .collect();

    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    let bare = alerts()
        .into_iter()
        .filter(|alert| !text(&alert["annotations"]["runbook_url"]).contains('#'));
    assert_eq!(bare.count(), 0);
}

#[test]
fn every_alert_is_seen_to_fire_and_seen_not_to() {
    let (mut fired, mut quiet) = (BTreeSet::new(), BTreeSet::new());
    let files = files(&prometheus().join("tests"), "yaml").into_iter();
    let tests: Vec<Value> = files
        .flat_map(|path| items(&yaml(&path)["tests"]))
        .collect();
    for (at, test) in tests.iter().enumerate() {
        for case in list(&test["alert_rule_test"]) {
            let name = text(&case["alertname"]).to_owned();
            if list(&case["exp_alerts"]).is_empty() {
                quiet.insert((name, at));
            } else {
                fired.insert(name);
            }
        }
    }

    for alert in alerts() {
        let name = text(&alert["alert"]);
        assert!(fired.contains(name), "{name} never fires in a test");
        // Once because it is over, once because it is not so bad.
        let silent = quiet.iter().filter(|(quiet, _)| quiet == name).count();
        assert!(
            silent >= 2 || name == "Watchdog",
            "{name} is never silent, or only once"
        );
    }
}

#[test]
#[ignore = "needs kubectl: make test-k8s"]
fn whom_prometheus_asks_is_there_and_may_be_asked() {
    let objects = rendered("ha");
    let monitors = objects.iter().filter(|one| one.kind() == "ServiceMonitor");
    let asked: Vec<&Value> = monitors.map(Object::spec).collect();
    let services = objects.iter().filter(|one| one.kind() == "Service");
    let found = services.filter(|service| {
        let worn = labels(&service.0["metadata"]["labels"]);
        let ports = list(&service.spec()["ports"]);
        asked.iter().any(|spec| {
            let named = |one: &Value| ports.iter().any(|port| port["name"] == one["port"]);
            selects(&spec["selector"], &worn) && list(&spec["endpoints"]).iter().all(named)
        })
    });

    assert_eq!(found.count(), holdfast::house::Kind::ALL.len());
}

/// Prometheus' operator calls each target after its Service, and what a metric says of a service itself gives way.
#[test]
#[ignore = "needs kubectl: make test-k8s"]
fn what_control_says_of_a_service_is_not_said_of_control() {
    let mut monitors = rendered("ha").iter();
    let services = monitors.find(|one| one.title() == "ServiceMonitor services");

    for endpoint in list(&services.unwrap().spec()["endpoints"]) {
        let kept = json!([
            {"sourceLabels": ["exported_service"], "regex": "(.+)", "targetLabel": "service"},
            {"regex": "exported_service", "action": "labeldrop"},
        ]);
        assert_eq!(endpoint["metricRelabelings"], kept, "{endpoint}");
    }
}

/// Whether what is compared with the tree is to be written to it: `make record`.
#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
fn recording() -> bool {
    std::env::var("HOLDFAST_RECORD").is_ok()
}
