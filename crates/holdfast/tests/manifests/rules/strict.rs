//! Every field is one that the API knows.

mod keda;

use k8s_openapi::api::{apps, autoscaling, batch, core, networking, policy, rbac};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::object::Object;

/// What operators and others define; an API server with their definitions tells more.
const OTHERS: [&str; 6] = [
    "postgresql.cnpg.io/",
    "barmancloud.cnpg.io/",
    "cert-manager.io/",
    "gateway.networking.k8s.io/",
    "monitoring.coreos.com/",
    "kustomize.config.k8s.io/",
];

/// Reads every object as the API would, and complains of what it would drop.
pub(super) fn fields(objects: &[Object]) -> Vec<String> {
    objects.iter().flat_map(of).collect()
}

fn of(object: &Object) -> Vec<String> {
    let value = &object.0;
    let version = value["apiVersion"].as_str().unwrap_or_default();
    let told = match (version, object.kind()) {
        ("v1", "ConfigMap") => read::<core::v1::ConfigMap>(value),
        ("v1", "Namespace") => read::<core::v1::Namespace>(value),
        ("v1", "Secret") => read::<core::v1::Secret>(value),
        ("v1", "Service") => read::<core::v1::Service>(value),
        ("v1", "ServiceAccount") => read::<core::v1::ServiceAccount>(value),
        ("apps/v1", "Deployment") => read::<apps::v1::Deployment>(value),
        ("apps/v1", "StatefulSet") => read::<apps::v1::StatefulSet>(value),
        ("autoscaling/v2", "HorizontalPodAutoscaler") => {
            read::<autoscaling::v2::HorizontalPodAutoscaler>(value)
        }
        ("batch/v1", "Job") => read::<batch::v1::Job>(value),
        ("networking.k8s.io/v1", "NetworkPolicy") => read::<networking::v1::NetworkPolicy>(value),
        ("policy/v1", "PodDisruptionBudget") => read::<policy::v1::PodDisruptionBudget>(value),
        ("rbac.authorization.k8s.io/v1", "Role") => read::<rbac::v1::Role>(value),
        ("rbac.authorization.k8s.io/v1", "RoleBinding") => read::<rbac::v1::RoleBinding>(value),
        ("keda.sh/v1alpha1", "ScaledObject") => read::<keda::ScaledObject>(value),
        ("keda.sh/v1alpha1", "TriggerAuthentication") => read::<keda::TriggerAuthentication>(value),
        _ if OTHERS.iter().any(|group| version.starts_with(group)) => Vec::new(),
        _ => vec![format!("{version} is not known here")],
    };
    let title = object.title();
    told.into_iter()
        .map(|fault| format!("{title}: {fault}"))
        .collect()
}

fn read<T: DeserializeOwned>(value: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let read: Result<T, _> =
        serde_ignored::deserialize(value, |path| told.push(format!("no field {path}")));
    told.extend(read.err().map(|error| error.to_string()));
    told
}
