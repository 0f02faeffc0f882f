//! What is shown, and what is known to be shown elsewhere or once something fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::content::{deploy, said};
use super::promql::reads;
use super::shown::Shown;

/// What others show in a cluster, with the labels that are used here. Taken from their sources: `CloudNativePG` 1.30, its
/// Barman plugin 0.14, cert-manager 1.21, kube-state-metrics, the kubelet; and Prometheus itself.
const OTHERS: [(&str, &[&str]); 17] = [
    ("cnpg_collector_up", &[]),
    ("cnpg_pg_replication_streaming_replicas", &[]),
    ("cnpg_pg_replication_in_recovery", &[]),
    ("cnpg_pg_replication_lag", &[]),
    ("cnpg_pg_stat_archiver_last_failed_time", &[]),
    ("cnpg_pg_stat_archiver_last_archived_time", &[]),
    (
        "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp",
        &[],
    ),
    (
        "certmanager_certificate_expiration_timestamp_seconds",
        &["name"],
    ),
    (
        "kube_horizontalpodautoscaler_status_current_replicas",
        &["horizontalpodautoscaler"],
    ),
    (
        "kube_horizontalpodautoscaler_spec_max_replicas",
        &["horizontalpodautoscaler"],
    ),
    (
        "kube_poddisruptionbudget_status_pod_disruptions_allowed",
        &["poddisruptionbudget"],
    ),
    ("kube_pod_container_status_waiting_reason", &["reason"]),
    ("kube_job_failed", &["job_name", "condition"]),
    (
        "kubelet_volume_stats_available_bytes",
        &["persistentvolumeclaim"],
    ),
    (
        "kubelet_volume_stats_capacity_bytes",
        &["persistentvolumeclaim"],
    ),
    ("up", &[]),
    ("ALERTS", &["alertname", "alertstate", "severity"]),
];
/// What only a fault brings about, or a lock that is asked for. Looked for in the sources, where it is counted.
const FAULTS: [&str; 21] = [
    "background_panics_total",
    "cache_errors_total",
    "cache_fills_refused_total",
    "cache_redis_lost_total",
    "db_group_full_total",
    "db_group_poisoned_total",
    "db_reads_behind_total",
    "db_transaction_repeats_total",
    "discovery_failures_total",
    "faults_detected_total",
    "faults_dropped_total",
    "gateway_fallbacks_total",
    "gateway_rate_limited_total",
    "lock_expiries_total",
    "lock_grants_total",
    "lock_handovers_total",
    "lock_refusals_total",
    "retry_attempts_total",
    "rpc_client_refused_total",
    "saga_recovered_total",
    "tls_refused_total",
];
/// Likewise, how long it took.
const TIMES: [&str; 3] = [
    "fault_detection_seconds",
    "fault_repair_seconds",
    "lock_wait_seconds",
];
/// What Prometheus is shown of a histogram.
const SERIES: [&str; 3] = ["bucket", "count", "sum"];

/// What `text` shows, what rules record of it, and what is named here.
pub(crate) fn known(text: &str) -> Shown {
    let sources = sources();
    let mut shown = Shown::in_text(text).recorded();
    for (metric, labels) in OTHERS {
        shown = shown.with(metric, labels);
    }
    for metric in FAULTS {
        shown = shown.with(metric, &counted(&sources, "counter", metric));
    }
    for metric in TIMES {
        let mut labels = counted(&sources, "histogram", metric);
        labels.push("le");
        for series in SERIES {
            shown = shown.with(&format!("{metric}_{series}"), &labels);
        }
    }
    shown
}

/// The labels with which `sources` count `metric`, which is of this kind.
fn counted<'a>(sources: &'a str, kind: &str, metric: &str) -> Vec<&'a str> {
    let start = format!("{kind}!(\"{metric}\"");
    let at = sources.find(&start);
    let at = at.unwrap_or_else(|| panic!("nobody counts {metric}"));
    let call = &sources[at + start.len()..];
    let end = call
        .find(".increment(")
        .into_iter()
        .chain(call.find(".record("));
    let call = &call[..end.min().unwrap()];
    call.split('"').skip(1).step_by(2).collect()
}

/// All sources, without their spaces.
fn sources() -> String {
    let mut found = String::new();
    for folder in ["crates", "services"] {
        gather(&deploy().join("..").join(folder), &mut found);
    }
    found.split_whitespace().collect()
}

fn gather(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            gather(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn nobody_is_named_whom_nothing_reads() {
    let read = said()
        .into_iter()
        .flat_map(|said| reads(&said.expr).metrics);
    let read: BTreeSet<String> = read.map(|(metric, _)| metric).collect();
    let others = OTHERS.iter().map(|(metric, _)| *metric);

    let idle = others
        .chain(FAULTS)
        .filter(|metric| !read.contains(*metric));
    let times = TIMES.into_iter().filter(|metric| {
        let series = SERIES.map(|series| format!("{metric}_{series}"));
        !series.iter().any(|series| read.contains(series))
    });
    let idle = idle.chain(times);

    assert_eq!(idle.collect::<Vec<&str>>(), [""; 0]);
    assert!(read.len() > 60, "{read:?}");
}
