//! `/v1/orders`: the public face of the order service.

mod answer;
mod body;
mod events;

use api::order::{self as wire, CancelRequest, GetOrderRequest};
use auth::{Caller, Support};
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path, Query};
use crate::id::{OrderId, account};
use crate::key::{IdempotencyKey, KeyHeader};
use crate::page::List;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, OrdersClient};
use crate::version::{IfNoneMatch, IfNoneMatchHeader, Tagged};

use answer::{Moved, Placed, Refunded, tagged};
use body::{OrdersQuery, RefundBody, RefundedBody};

pub(crate) use answer::REPLAYED;
pub(crate) use body::{OrderBody, OrderStatus, PlaceBody};

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Customer.on(routes!(place, list)))
        .routes(Rule::Customer.on(routes!(find)))
        .routes(Rule::Customer.on(routes!(cancel)))
        .routes(Rule::Customer.on(routes!(events::watch)))
        .routes(Rule::Support.on(routes!(refund)))
        .routes(Rule::Support.on(routes!(ship)))
        .routes(Rule::Support.on(routes!(deliver)))
}

/// Places an order. Sent again with the same key, it answers for the same order and places nothing.
///
/// 201 when the order is confirmed; 202 while it is pending, to be read again at `Location` or by the same key. Refused for
/// want of money with 402, for want of stock with 409; the answer of a settled order stays the same for ever.
#[utoipa::path(post, path = "/v1/orders", tag = "orders", params(KeyHeader),
    responses((status = 201, body = OrderBody), (status = 202, body = OrderBody)))]
async fn place(
    State(orders): State<OrdersClient>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<PlaceBody>,
) -> Result<Placed, Problem> {
    let order = body.from(caller, key)?;
    let placed = ask::keyed(&orders, order, OrdersClient::place).await?;
    Placed::of(placed)
}

/// Lists the caller's orders, newest first.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(OrdersQuery),
    responses((status = 200, body = List<OrderBody>)))]
async fn list(
    State(orders): State<OrdersClient>,
    caller: Caller,
    Query(query): Query<OrdersQuery>,
) -> Result<List<OrderBody>, Problem> {
    let wanted = query.of(account(caller));
    let found = ask::read(&orders, wanted, OrdersClient::list).await?;
    Ok(List::of(found.orders, found.next_cursor))
}

/// Finds an order. One of another customer is not found, except by support.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "orders", params(("id" = inline(OrderId), Path), IfNoneMatchHeader),
    responses((status = 200, body = OrderBody), (status = 304)), extensions(("x-owner" = json!("order"))))]
async fn find(
    State(orders): State<OrdersClient>,
    caller: Caller,
    Path(id): Path<OrderId>,
    known: IfNoneMatch,
) -> Result<Tagged<OrderBody>, Problem> {
    let wanted = GetOrderRequest {
        customer_id: owner(caller),
        id: id.into_wire(),
    };
    let order = ask::read(&orders, wanted, OrdersClient::get).await?;
    Ok(tagged(order).unless(known))
}

/// Cancels a confirmed order: stock back, money back. Support may cancel anybody's.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "orders", params(("id" = inline(OrderId), Path), KeyHeader),
    responses((status = 200, body = OrderBody), (status = 202, body = OrderBody)), extensions(("x-owner" = json!("order"))))]
async fn cancel(
    State(orders): State<OrdersClient>,
    caller: Caller,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
) -> Result<Moved, Problem> {
    let wanted = CancelRequest {
        customer_id: owner(caller),
        id: id.to_string(),
        idempotency: Some(key.bind(account(caller), &(id, (), ()))),
        actor_id: actor(caller),
    };
    let order = ask::keyed(&orders, wanted, OrdersClient::cancel).await?;
    Ok(Moved(order))
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
    let wanted = wire::RefundOrderRequest {
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
    let wanted = wire::MoveOrderRequest {
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
    let wanted = wire::MoveOrderRequest {
        actor_id: account(caller),
        id: id.into_wire(),
    };
    let order = ask::write(&orders, wanted, OrdersClient::deliver).await?;
    Ok(tagged(order))
}

/// To whom the order must belong: the caller; for support, anybody.
fn owner(caller: Caller) -> String {
    if caller.role.is_support() {
        String::new()
    } else {
        account(caller)
    }
}

/// Who acts, where it may be somebody else than the customer.
fn actor(caller: Caller) -> String {
    if caller.role.is_support() {
        account(caller)
    } else {
        String::new()
    }
}
