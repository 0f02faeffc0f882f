//! What support does with orders: give money back, and move them on to the customer.

use api::order::{MoveOrderRequest, RefundOrderRequest};
use auth::Support;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::OrderBody;
use super::answer::{Refunded, tagged};
use super::body::{RefundBody, RefundedBody};
use crate::ask;
use crate::body::{Json, Path};
use crate::id::{OrderId, account};
use crate::key::{IdempotencyKey, KeyHeader};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, OrdersClient};
use crate::version::Tagged;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Support.on(routes!(refund)))
        .routes(Rule::Support.on(routes!(ship)))
        .routes(Rule::Support.on(routes!(deliver)))
}

/// Gives back part of what was paid.
#[utoipa::path(post, path = "/v1/orders/{id}/refunds", tag = "orders", params(("id" = inline(OrderId), Path), KeyHeader),
    responses((status = 201, body = RefundedBody)))]
async fn refund(
    State(orders): State<OrdersClient>,
    Support(caller): Support,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    Json(body): Json<RefundBody>,
) -> Result<Refunded, Problem> {
    let wanted = RefundOrderRequest {
        actor_id: account(caller),
        id: id.to_string(),
        amount: Some(body.amount.clone().into()),
        idempotency: Some(key.bind(account(caller), &(id, (), body))),
    };
    let refund = ask::keyed(&orders, wanted, OrdersClient::refund).await?;
    Ok(Refunded(refund))
}

/// Marks a confirmed order as shipped.
#[utoipa::path(post, path = "/v1/orders/{id}/ship", tag = "orders", params(("id" = inline(OrderId), Path)),
    responses((status = 200, body = OrderBody)))]
async fn ship(
    State(orders): State<OrdersClient>,
    Support(caller): Support,
    Path(id): Path<OrderId>,
) -> Result<Tagged<OrderBody>, Problem> {
    let wanted = MoveOrderRequest {
        actor_id: account(caller),
        id: id.into_wire(),
    };
    let order = ask::write(&orders, wanted, OrdersClient::ship).await?;
    Ok(tagged(order))
}

/// Marks a shipped order as delivered.
#[utoipa::path(post, path = "/v1/orders/{id}/deliver", tag = "orders", params(("id" = inline(OrderId), Path)),
    responses((status = 200, body = OrderBody)))]
async fn deliver(
    State(orders): State<OrdersClient>,
    Support(caller): Support,
    Path(id): Path<OrderId>,
) -> Result<Tagged<OrderBody>, Problem> {
    let wanted = MoveOrderRequest {
        actor_id: account(caller),
        id: id.into_wire(),
    };
    let order = ask::write(&orders, wanted, OrdersClient::deliver).await?;
    Ok(tagged(order))
}
