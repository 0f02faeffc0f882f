//! `/v1/admin/resources`: what is allowed of each service, changed while it runs.

use std::collections::BTreeMap;

use api::control::{
    Allowance, GetResourceRequest, ListResourcesRequest, Resource, UpdateResourceRequest,
};
use auth::Admin;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path};
use crate::id::account;
use crate::page::List;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, ResourcesClient};
use crate::version::{IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Tagged};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Admin.on(routes!(list)))
        .routes(Rule::Admin.on(routes!(find, change)))
}

/// Lists what is allowed, a resource for each service.
#[utoipa::path(get, path = "/v1/admin/resources", tag = "admin", operation_id = "list_resources",
    responses((status = 200, body = List<ResourceBody>)))]
async fn list(State(resources): State<ResourcesClient>) -> Result<List<ResourceBody>, Problem> {
    let wanted = ListResourcesRequest {};
    let found = ask::read(&resources, wanted, ResourcesClient::list_resources).await?;
    Ok(List::whole(found.resources))
}

/// Finds what is allowed of one service.
#[utoipa::path(get, path = "/v1/admin/resources/{service}", tag = "admin", operation_id = "find_resource",
    params(("service" = inline(ServiceName), Path), IfNoneMatchHeader),
    responses((status = 200, body = ResourceBody), (status = 304)))]
async fn find(
    State(resources): State<ResourcesClient>,
    Path(service): Path<ServiceName>,
    known: IfNoneMatch,
) -> Result<Tagged<ResourceBody>, Problem> {
    let wanted = GetResourceRequest {
        service: service.text().to_owned(),
    };
    let found = ask::read(&resources, wanted, ResourcesClient::get_resource).await?;
    Ok(tagged(found).unless(known))
}

/// Changes what is allowed of a service, in effect within two seconds. What is left out stays; what is null is no longer said,
/// and each instance's own settings apply again. A value out of its range: 422 `out_of_range`.
#[utoipa::path(patch, path = "/v1/admin/resources/{service}", tag = "admin", operation_id = "change_resource",
    params(("service" = inline(ServiceName), Path), IfMatchHeader), responses((status = 200, body = ResourceBody)))]
async fn change(
    State(resources): State<ResourcesClient>,
    Admin(caller): Admin,
    Path(service): Path<ServiceName>,
    IfMatch(version): IfMatch,
    Json(body): Json<ResourceChange>,
) -> Result<Tagged<ResourceBody>, Problem> {
    let wanted = GetResourceRequest {
        service: service.text().to_owned(),
    };
    let there = ask::read(&resources, wanted, ResourcesClient::get_resource).await?;
    let wanted = UpdateResourceRequest {
        actor_id: account(caller),
        service: there.service,
        // Of another version than this one nothing is changed, so what was read is what is changed.
        version,
        allowance: Some(body.onto(there.allowance.unwrap_or_default())),
    };
    let changed = ask::write(&resources, wanted, ResourcesClient::update_resource).await?;
    Ok(tagged(changed))
}

/// A service of the house.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ServiceName {
    Control,
    Gateway,
    News,
    Order,
    User,
}

/// What operators say of a service. What is null stays as each instance's own settings have it.
#[derive(Serialize, ToSchema)]
struct ResourceBody {
    /// Always `resource`.
    #[schema(example = "resource")]
    object: &'static str,
    /// The service.
    #[schema(example = "order")]
    service: String,
    /// How many instances there are at least; 1 to 100.
    min_instances: Option<u32>,
    /// How many instances there are at most; 1 to 100.
    max_instances: Option<u32>,
    /// How many requests a second one instance can answer, by which it is reckoned how many are needed; 1 to 1,000,000. Null:
    /// as learned from what instances had to refuse.
    requests_per_instance: Option<u32>,
    /// How many requests an instance works on at once however slow they are; 1 to 100,000.
    min_in_flight: Option<u32>,
    /// How many requests are in an instance at most; 1 to 100,000.
    max_in_flight: Option<u32>,
    /// How many connections to each address of its database; 1 to 200. Not of the gateway.
    database_connections: Option<u32>,
    /// For how many seconds cached entries are served at most; 1 to 300. Not of control.
    cache_seconds: Option<u32>,
    /// How many requests a minute of one address without an account; 1 to 1,000,000. Of the gateway only.
    rate_address: Option<u32>,
    /// How many requests a minute of one account; 1 to 1,000,000. Of the gateway only.
    rate_account: Option<u32>,
    /// How many sign-ins and registrations a minute of one address; 1 to 1,000,000. Of the gateway only.
    rate_sign_in: Option<u32>,
    /// What is switched on and off: `registration`, `checkout`, `search`. Of the gateway only.
    flags: BTreeMap<String, bool>,
    /// Counts the changes, also as `ETag`.
    version: i64,
    updated_at: String,
}

/// What is to be said from now on. What is left out stays; what is null is no longer said.
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(default, deny_unknown_fields)]
struct ResourceChange {
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    min_instances: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    max_instances: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    requests_per_instance: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    min_in_flight: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    max_in_flight: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    database_connections: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    cache_seconds: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    rate_address: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    rate_account: Said,
    #[garde(skip)]
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<u32>)]
    rate_sign_in: Said,
    /// Only those that are to change.
    #[garde(skip)]
    flags: BTreeMap<String, bool>,
}

/// Left out, null, or a number.
type Said = Option<Option<u32>>;

fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Said, D::Error> {
    Option::deserialize(from).map(Some)
}

impl ServiceName {
    /// Its name on the wire.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Gateway => "gateway",
            Self::News => "news",
            Self::Order => "order",
            Self::User => "user",
        }
    }
}

impl ResourceChange {
    /// What is said after this change of what `there` says.
    fn onto(self, there: Allowance) -> Allowance {
        let mut flags = there.flags;
        flags.extend(self.flags);
        Allowance {
            min_instances: self.min_instances.unwrap_or(there.min_instances),
            max_instances: self.max_instances.unwrap_or(there.max_instances),
            requests_per_instance: self
                .requests_per_instance
                .unwrap_or(there.requests_per_instance),
            min_in_flight: self.min_in_flight.unwrap_or(there.min_in_flight),
            max_in_flight: self.max_in_flight.unwrap_or(there.max_in_flight),
            database_connections: self
                .database_connections
                .unwrap_or(there.database_connections),
            cache_seconds: self.cache_seconds.unwrap_or(there.cache_seconds),
            rate_address: self.rate_address.unwrap_or(there.rate_address),
            rate_account: self.rate_account.unwrap_or(there.rate_account),
            rate_sign_in: self.rate_sign_in.unwrap_or(there.rate_sign_in),
            flags,
        }
    }
}

fn tagged(resource: Resource) -> Tagged<ResourceBody> {
    Tagged::new(resource.version, ResourceBody::from(resource))
}

impl From<Resource> for ResourceBody {
    fn from(resource: Resource) -> Self {
        let said = resource.allowance.unwrap_or_default();
        Self {
            object: "resource",
            service: resource.service,
            min_instances: said.min_instances,
            max_instances: said.max_instances,
            requests_per_instance: said.requests_per_instance,
            min_in_flight: said.min_in_flight,
            max_in_flight: said.max_in_flight,
            database_connections: said.database_connections,
            cache_seconds: said.cache_seconds,
            rate_address: said.rate_address,
            rate_account: said.rate_account,
            rate_sign_in: said.rate_sign_in,
            flags: said.flags.into_iter().collect(),
            version: resource.version,
            updated_at: resource.updated_at,
        }
    }
}
