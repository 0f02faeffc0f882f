//! `/v1/admin/audit`: who did what.

use api::control::{Act, ListActsRequest};
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::Query;
use crate::id::AccountId;
use crate::page::{List, page_of};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{AuditClient, Edge};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(Rule::Admin.on(routes!(list)))
}

/// Lists what administrators did in all services, newest first.
///
/// While a service does not answer there is no whole list: 503, and `service` asks those that do.
#[utoipa::path(get, path = "/v1/admin/audit", tag = "admin", params(AuditQuery),
    responses((status = 200, body = List<AuditBody>)))]
async fn list(
    State(audit): State<AuditClient>,
    Query(query): Query<AuditQuery>,
) -> Result<List<AuditBody>, Problem> {
    let found = ask::read(&audit, query.from(), AuditClient::list_acts).await?;
    Ok(List::of(found.acts, found.next_cursor))
}

/// Which entries are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Only what was done in this service.
    #[garde(skip)]
    #[param(inline)]
    service: Option<Service>,
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Only what was done to this.
    #[garde(length(min = 1, max = 200))]
    subject_id: Option<String>,
    /// Only what this account did.
    #[garde(skip)]
    #[param(inline)]
    actor_id: Option<AccountId>,
}

/// A service that keeps an audit.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Service {
    User,
    Order,
    News,
    Control,
}

/// One administrative act.
#[derive(Serialize, ToSchema)]
struct AuditBody {
    #[schema(example = "aud_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `audit_entry`.
    #[schema(example = "audit_entry")]
    object: &'static str,
    /// The service in which it was done.
    #[schema(example = "order")]
    service: String,
    actor_id: String,
    /// What was done.
    #[schema(example = "product.update")]
    action: String,
    /// An id, or the name of a service, an instance or a lock.
    subject_id: String,
    /// The subject before the act; null where it did not exist.
    #[schema(value_type = Object)]
    before: Value,
    /// The subject after the act; null where it exists no more.
    #[schema(value_type = Object)]
    after: Value,
    acted_at: String,
}

impl AuditQuery {
    fn from(self) -> ListActsRequest {
        ListActsRequest {
            page: Some(page_of(self.limit, self.cursor)),
            service: self
                .service
                .map(Service::name)
                .unwrap_or_default()
                .to_owned(),
            subject_id: self.subject_id.unwrap_or_default(),
            actor_id: self.actor_id.map(AccountId::into_wire).unwrap_or_default(),
        }
    }
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Order => "order",
            Self::News => "news",
            Self::Control => "control",
        }
    }
}

impl From<Act> for AuditBody {
    fn from(act: Act) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let entry = act.entry.unwrap_or_default();
        Self {
            id: entry.id,
            object: "audit_entry",
            service: act.service,
            actor_id: entry.actor_id,
            action: entry.action,
            subject_id: entry.subject_id,
            before: json(&entry.before),
            after: json(&entry.after),
            acted_at: entry.acted_at,
        }
    }
}
