//! `/v1/admin/registry`: every instance, how it is, and how much of the work it gets.

use api::control::{Instance, ListInstancesRequest, State as WireState, UpdateInstanceRequest};
use auth::Admin;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::resources::ServiceName;
use crate::ask;
use crate::body::{Json, Path, Query};
use crate::id::{Name, account};
use crate::page::List;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, RegistryClient};
use crate::version::{IfMatch, IfMatchHeader, Tagged};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Admin.on(routes!(list)))
        .routes(Rule::Admin.on(routes!(change)))
}

/// Lists every instance that was heard of within ten minutes, by name.
#[utoipa::path(get, path = "/v1/admin/registry", tag = "admin", operation_id = "list_instances", params(RegistryQuery),
    responses((status = 200, body = List<InstanceBody>)))]
async fn list(
    State(registry): State<RegistryClient>,
    Query(query): Query<RegistryQuery>,
) -> Result<List<InstanceBody>, Problem> {
    let service = query.service.map(ServiceName::text);
    let wanted = ListInstancesRequest {
        service: service.unwrap_or_default().to_owned(),
    };
    let found = ask::read(&registry, wanted, RegistryClient::list_instances).await?;
    Ok(List::whole(found.instances))
}

/// Sets the weight of an instance, or drains it, in effect within two seconds. A weight out of its range: 422 `out_of_range`.
#[utoipa::path(patch, path = "/v1/admin/registry/{instance}", tag = "admin", operation_id = "change_instance",
    params(("instance" = String, Path, example = "order-1"), IfMatchHeader),
    responses((status = 200, body = InstanceBody)))]
async fn change(
    State(registry): State<RegistryClient>,
    Admin(caller): Admin,
    Path(Name(instance)): Path<Name>,
    IfMatch(version): IfMatch,
    Json(body): Json<InstanceChange>,
) -> Result<Tagged<InstanceBody>, Problem> {
    let wanted = UpdateInstanceRequest {
        actor_id: account(caller),
        instance,
        version,
        weight: body.weight,
        drained: body.drained,
    };
    let changed = ask::write(&registry, wanted, RegistryClient::update_instance).await?;
    Ok(Tagged::new(changed.version_said, changed.into()))
}

/// Which instances are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RegistryQuery {
    /// Only of this service.
    #[garde(skip)]
    #[param(inline)]
    service: Option<ServiceName>,
}

/// What is to be said of an instance from now on; what is left out stays.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct InstanceChange {
    /// How many calls it gets, beside the others' weights: 0 to 1,000,000, 100 as a rule.
    #[garde(skip)]
    weight: Option<u32>,
    /// Whether it gets no new calls at all.
    #[garde(skip)]
    drained: Option<bool>,
}

/// One instance, as it told of itself last.
#[derive(Serialize, ToSchema)]
struct InstanceBody {
    /// Its name.
    #[schema(example = "order-1")]
    id: String,
    /// Always `instance`.
    #[schema(example = "instance")]
    object: &'static str,
    #[schema(example = "order")]
    service: String,
    address: String,
    /// Where it stands; empty where that is not known.
    zone: String,
    /// The version of its program.
    #[schema(example = "0.1.0")]
    version: String,
    /// Tells this life of it from the one before.
    incarnation: String,
    started_at: String,
    /// `starting`, `up`, `draining`, or `silent`: not heard of for two seconds.
    #[schema(example = "up")]
    state: &'static str,
    /// What it can do without and does not reach.
    degraded: Vec<String>,
    heard_at: String,
    /// How many calls it gets, beside the others' weights.
    weight: u32,
    /// Whether it gets no new calls at all.
    drained: bool,
    /// Counts what was said of it; the `ETag` to change it by.
    version_said: i64,
    /// Requests since its start.
    requests: u64,
    /// Those of them that it failed.
    failed: u64,
    /// Requests that found no room.
    shed: u64,
    /// Requests a second, of late.
    requests_per_second: f64,
    /// How long they took in the middle, of late, in milliseconds.
    latency_millis: f64,
    /// Requests under way.
    in_flight: u32,
    /// How many may be worked on at once, for now.
    limit: u32,
    /// What part of a processor its process used, of late.
    cpu: f64,
    /// Resident memory of its process.
    memory_bytes: u64,
}

impl From<Instance> for InstanceBody {
    fn from(instance: Instance) -> Self {
        let state = state(instance.state());
        let report = instance.report.unwrap_or_default();
        Self {
            id: report.instance,
            object: "instance",
            service: report.service,
            address: report.address,
            zone: report.zone,
            version: report.version,
            incarnation: report.incarnation,
            started_at: report.started_at,
            state,
            degraded: report.degraded,
            heard_at: instance.heard_at,
            weight: instance.weight,
            drained: instance.drained,
            version_said: instance.version_said,
            requests: report.requests,
            failed: report.failed,
            shed: report.shed,
            requests_per_second: instance.requests_per_second,
            latency_millis: instance.latency_millis,
            in_flight: report.in_flight,
            limit: report.limit,
            cpu: instance.cpu,
            memory_bytes: report.memory_bytes,
        }
    }
}

fn state(state: WireState) -> &'static str {
    match state {
        WireState::Unspecified | WireState::Starting => "starting",
        WireState::Up => "up",
        WireState::Draining => "draining",
        WireState::Silent => "silent",
    }
}
