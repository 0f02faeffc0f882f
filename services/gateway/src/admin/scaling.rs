//! `/v1/admin/scaling`: how many instances of each service are wanted, and why; what load is expected.

mod body;

use api::control::{GetForecastRequest, ListScalingRequest};
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::body::{ForecastBody, ScalingBody};
use super::resources::ServiceName;
use crate::ask;
use crate::body::Path;
use crate::page::List;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, ScalingClient};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Admin.on(routes!(list)))
        .routes(Rule::Admin.on(routes!(forecast)))
}

/// Lists how many instances of each service are wanted, there and allowed, what they use, and what would fit them.
#[utoipa::path(get, path = "/v1/admin/scaling", tag = "admin", operation_id = "list_scaling",
    responses((status = 200, body = List<ScalingBody>)))]
async fn list(State(scaling): State<ScalingClient>) -> Result<List<ScalingBody>, Problem> {
    let found = ask::read(&scaling, ListScalingRequest {}, ScalingClient::list).await?;
    Ok(List::whole(found.services))
}

/// Tells what load is expected of a service, beside what came in the last day, and how good that was.
#[utoipa::path(get, path = "/v1/admin/scaling/{service}/forecast", tag = "admin", operation_id = "find_forecast",
    params(("service" = inline(ServiceName), Path)), responses((status = 200, body = ForecastBody)))]
async fn forecast(
    State(scaling): State<ScalingClient>,
    Path(service): Path<ServiceName>,
) -> Result<axum::Json<ForecastBody>, Problem> {
    let wanted = GetForecastRequest {
        service: service.text().to_owned(),
    };
    let found = ask::read(&scaling, wanted, ScalingClient::forecast).await?;
    Ok(axum::Json(found.into()))
}
