//! KEDA's own objects, as far as we say anything in them.

#![allow(dead_code, reason = "read to find what is no field of theirs")]

use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscalerBehavior;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

/// How a workload is scaled.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScaledObject {
    api_version: String,
    kind: String,
    metadata: ObjectMeta,
    spec: Scaled,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scaled {
    scale_target_ref: Target,
    min_replica_count: u32,
    max_replica_count: u32,
    fallback: Fallback,
    advanced: Advanced,
    triggers: Vec<Trigger>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    api_version: String,
    kind: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fallback {
    failure_threshold: u32,
    replicas: u32,
    behavior: Falling,
}

/// What KEDA may do where it hears nothing, and what we have it do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Falling {
    CurrentReplicasIfHigher,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Advanced {
    horizontal_pod_autoscaler_config: Autoscaler,
}

#[derive(Deserialize)]
struct Autoscaler {
    name: String,
    behavior: HorizontalPodAutoscalerBehavior,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trigger {
    r#type: String,
    metric_type: Metric,
    metadata: BTreeMap<String, String>,
    authentication_ref: Option<Named>,
}

/// By what a number is meant.
#[derive(Deserialize)]
enum Metric {
    AverageValue,
    Utilization,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// By what KEDA proves itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TriggerAuthentication {
    api_version: String,
    kind: String,
    metadata: ObjectMeta,
    spec: Authentication,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    secret_target_ref: Vec<FromSecret>,
}

#[derive(Deserialize)]
struct FromSecret {
    parameter: String,
    name: String,
    key: String,
}
