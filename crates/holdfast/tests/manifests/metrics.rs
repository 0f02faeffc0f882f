//! The metrics that rules speak of: shown by the services, or by those who are named here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use holdfast::house::{Ground, Keeper};

use super::monitoring::rules;
use super::object::text;
use super::overlay::k8s;
use super::shop::Shop;

/// What others show, by whom. Taken from their sources: `CloudNativePG` 1.30, its Barman plugin 0.14, cert-manager 1.21,
/// kube-state-metrics, the kubelet, Prometheus itself.
const OTHERS: [&str; 16] = [
    "cnpg_collector_up",
    "cnpg_pg_replication_streaming_replicas",
    "cnpg_pg_replication_lag",
    "cnpg_pg_stat_archiver_last_failed_time",
    "cnpg_pg_stat_archiver_last_archived_time",
    "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp",
    "certmanager_certificate_expiration_timestamp_seconds",
    "kube_horizontalpodautoscaler_status_current_replicas",
    "kube_horizontalpodautoscaler_spec_max_replicas",
    "kube_poddisruptionbudget_status_pod_disruptions_allowed",
    "kube_pod_container_status_waiting_reason",
    "kube_job_failed",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
    "up",
    "vector",
];
/// What a service shows from its start on, or as soon as an order was placed; the others, when they happen.
const ALWAYS: [&str; 5] = [
    "http_request_seconds_bucket",
    "http_request_seconds_count",
    "requests_shed_total",
    "rpc_endpoint_ejected",
    "db_transactions_total",
];
/// The bound of the goal, and labels that rules choose by.
const CHOSEN: [&str; 4] = [
    "le=\"0.3\"",
    "status=\"201\"",
    "priority=\"checkout\"",
    "outcome=\"kept\"",
];

/// The names that look like metrics: they stand before a `{`, a `[` or an end, and are no functions or labels.
fn named(expr: &str) -> BTreeSet<String> {
    let mut bare = String::new();
    let (mut quoted, mut braced) = (false, 0_i32);
    for letter in expr.chars() {
        match letter {
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => braced += 1,
            '}' | ']' if !quoted => braced -= 1,
            _ if quoted || braced > 0 => {}
            letter => bare.push(letter),
        }
    }
    // `by (job)`, `on (namespace)` name labels.
    for word in ["by (", "on ("] {
        while let Some(at) = bare.find(word) {
            let end = bare[at..].find(')').map_or(bare.len(), |end| at + end + 1);
            bare.replace_range(at..end, " ");
        }
    }
    let words = bare.split(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)));
    let long = words.filter(|word| word.contains('_') || *word == "up");
    long.map(str::to_owned).collect()
}

/// All metrics that rules read, those that other rules record aside.
fn read() -> BTreeSet<String> {
    let exprs: Vec<String> = rules()
        .iter()
        .map(|rule| text(&rule["expr"]).to_owned())
        .collect();
    let all: BTreeSet<String> = exprs.iter().flat_map(|expr| named(expr)).collect();
    all.into_iter().filter(|name| !name.contains(':')).collect()
}

/// What is said of metrics in our sources, in the words by which they are recorded.
fn recorded(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            recorded(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_metric_that_a_rule_reads_is_recorded_by_a_service_or_by_those_who_are_named() {
    let mut sources = String::new();
    for folder in ["crates", "services"] {
        recorded(&k8s().join("..").join(folder), &mut sources);
    }
    let known = |name: &String| {
        let bare = name.trim_end_matches("_bucket").trim_end_matches("_count");
        OTHERS.contains(&name.as_str()) || sources.contains(&format!("\"{bare}\""))
    };

    let lost: Vec<String> = read().into_iter().filter(|name| !known(name)).collect();

    assert_eq!(lost, [""; 0], "nobody records these");
    assert!(read().len() > 20, "{:?}", read());
}

#[test]
fn names_are_told_from_labels_functions_and_texts() {
    let expr = r#"sum by (job_name) (rate(a_total{b_c="d_e"}[5m])) / on (f_g) h_i > 0 and up == 1"#;

    assert_eq!(
        named(expr).into_iter().collect::<Vec<_>>(),
        ["a_total", "h_i", "up"]
    );
}

#[tokio::test]
async fn what_customers_notice_is_shown_once_an_order_is_placed() {
    let (mut keepers, mut kept) = (Vec::new(), Vec::new());
    for name in Ground::KEEPERS {
        let database = testkit::database(name).await;
        let (primary, replica) = (database.primary_url(), database.replica_url());
        keepers.push(Keeper {
            name,
            primary,
            replica,
        });
        kept.push(database);
    }
    let shop = Shop::open(keepers).await;
    shop.order().await;

    let shown = shop.metrics().await;

    let read = read();
    for name in ALWAYS {
        assert!(read.contains(name), "no rule reads {name}");
        let start = format!("{name}{{");
        assert!(
            shown.lines().any(|line| line.starts_with(&start)),
            "nobody shows {name}"
        );
    }
    for said in CHOSEN {
        assert!(shown.contains(said), "nobody says {said}");
    }
    shop.close().await;
}
