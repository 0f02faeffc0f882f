//! The manifests below `k8s/`, checked without a cluster: what `kubectl kustomize` makes of each overlay is parsed strictly,
//! and held against some twenty rules, against the settings of the services, and against what they really show. And what
//! Prometheus and Grafana are told, here and in containers.
#![cfg(test)]

mod boards;
mod faults;
mod keda;
mod metrics;
mod monitoring;
mod object;
mod overlay;
mod pair;
mod rules;
mod secrets;
mod settings;
mod shop;
#[path = "../watched/mod.rs"]
mod watched;
