//! `/v1/admin/sagas`: the work behind the orders.

use api::order::{self as wire, GetSagaRequest, ListSagasRequest, RetrySagaRequest};
use auth::Admin;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Path, Query};
use crate::id::{OrderId, SagaId, account};
use crate::page::{List, page_of};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, SagasClient};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Support.on(routes!(list)))
        .routes(Rule::Support.on(routes!(find)))
        .routes(Rule::Admin.on(routes!(retry)))
}

/// Lists sagas, newest first.
#[utoipa::path(get, path = "/v1/admin/sagas", tag = "admin", operation_id = "list_sagas", params(SagasQuery),
    responses((status = 200, body = List<SagaBody>)))]
async fn list(
    State(sagas): State<SagasClient>,
    Query(query): Query<SagasQuery>,
) -> Result<List<SagaBody>, Problem> {
    let wanted = ListSagasRequest {
        page: Some(page_of(query.limit, query.cursor)),
        open: query.open.unwrap_or_default(),
        order_id: query.order_id.map(OrderId::into_wire).unwrap_or_default(),
    };
    let found = ask::read(&sagas, wanted, SagasClient::list_sagas).await?;
    Ok(List::of(found.sagas, found.next_cursor))
}

/// Finds a saga.
#[utoipa::path(get, path = "/v1/admin/sagas/{id}", tag = "admin", operation_id = "find_saga",
    params(("id" = inline(SagaId), Path)), responses((status = 200, body = SagaBody)))]
async fn find(
    State(sagas): State<SagasClient>,
    Path(id): Path<SagaId>,
) -> Result<axum::Json<SagaBody>, Problem> {
    let wanted = GetSagaRequest { id: id.into_wire() };
    let found = ask::read(&sagas, wanted, SagasClient::get_saga).await?;
    Ok(axum::Json(found.into()))
}

/// Makes a saga that has not ended due at once.
#[utoipa::path(post, path = "/v1/admin/sagas/{id}/retry", tag = "admin", operation_id = "retry_saga",
    params(("id" = inline(SagaId), Path)), responses((status = 200, body = SagaBody)))]
async fn retry(
    State(sagas): State<SagasClient>,
    Admin(caller): Admin,
    Path(id): Path<SagaId>,
) -> Result<axum::Json<SagaBody>, Problem> {
    let wanted = RetrySagaRequest {
        actor_id: account(caller),
        id: id.into_wire(),
    };
    let due = ask::write(&sagas, wanted, SagasClient::retry_saga).await?;
    Ok(axum::Json(due.into()))
}

/// Which sagas are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SagasQuery {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Only those that have not ended.
    #[garde(skip)]
    open: Option<bool>,
    /// Only those that work for this order.
    #[garde(skip)]
    #[param(inline)]
    order_id: Option<OrderId>,
}

/// A saga.
#[derive(Serialize, ToSchema)]
struct SagaBody {
    #[schema(example = "sag_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `saga`.
    #[schema(example = "saga")]
    object: &'static str,
    /// `place-order` or `cancel-order`.
    #[schema(example = "place-order")]
    name: String,
    /// The order it works for.
    subject_id: String,
    /// `forward` or `undo`.
    #[schema(example = "forward")]
    direction: String,
    /// Why it is undone.
    reason: Option<String>,
    /// Counts its claims, from 1.
    epoch: i64,
    /// The process that works on it.
    owner: Option<String>,
    leased_until: Option<String>,
    settle_by: Option<String>,
    created_at: String,
    /// Null until it has ended.
    ended_at: Option<String>,
}

impl From<wire::Saga> for SagaBody {
    fn from(saga: wire::Saga) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: saga.id,
            object: "saga",
            name: saga.name,
            subject_id: saga.subject_id,
            direction: saga.direction,
            reason: some(saga.reason),
            epoch: saga.epoch,
            owner: some(saga.owner),
            leased_until: some(saga.leased_until),
            settle_by: some(saga.settle_by),
            created_at: saga.created_at,
            ended_at: some(saga.ended_at),
        }
    }
}
