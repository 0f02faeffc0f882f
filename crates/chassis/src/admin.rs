//! The admin port: `/livez`, `/readyz`, `/metrics`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::health::Health;

/// Where an instance says whether it is ready.
pub const READY: &str = "/readyz";

pub(crate) fn routes(health: Health) -> Router {
    probes(health).route("/metrics", get(async || telemetry::metrics()))
}

/// What tells how this instance is.
pub(crate) fn probes(health: Health) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route(READY, get(readyz))
        .with_state(health)
}

/// Answers while this process can answer at all, and asks nobody else.
async fn livez(State(health): State<Health>) -> (HeaderMap, &'static str) {
    let mut headers = HeaderMap::new();
    health.sign(&mut headers);
    (headers, "alive")
}

async fn readyz(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    let report = health.report().await;
    let status = if report.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "ready": report.ready,
        "waiting_for": report.waiting_for,
        "degraded": report.degraded,
    });
    (status, Json(body))
}
