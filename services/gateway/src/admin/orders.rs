//! `/v1/admin/orders`: anybody's orders, for support.

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use api::order::ListOrdersRequest;

use crate::ask;
use crate::body::Query;
use crate::id::AccountId;
use crate::orders::{OrderBody, OrderStatus};
use crate::page::{List, page_of};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, OrdersClient};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(Rule::Support.on(routes!(list)))
}

/// Lists orders of one customer or of all, newest first.
#[utoipa::path(get, path = "/v1/admin/orders", tag = "admin", params(AllOrdersQuery),
    operation_id = "list_all_orders", responses((status = 200, body = List<OrderBody>)))]
async fn list(
    State(orders): State<OrdersClient>,
    Query(query): Query<AllOrdersQuery>,
) -> Result<List<OrderBody>, Problem> {
    let found = ask::read(&orders, query.from(), OrdersClient::list).await?;
    Ok(List::of(found.orders, found.next_cursor))
}

/// Which orders are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AllOrdersQuery {
    /// Only this customer's.
    #[garde(skip)]
    #[param(inline)]
    customer_id: Option<AccountId>,
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Only in this status.
    #[garde(skip)]
    #[param(inline)]
    status: Option<OrderStatus>,
}

impl AllOrdersQuery {
    fn from(self) -> ListOrdersRequest {
        ListOrdersRequest {
            customer_id: self
                .customer_id
                .map(AccountId::into_wire)
                .unwrap_or_default(),
            page: Some(page_of(self.limit, self.cursor)),
            status: self.status.map(OrderStatus::into_wire).unwrap_or_default(),
        }
    }
}
