//! `/v1/orders`: the public face of the order service.

mod answer;
mod body;
mod cancel;
mod events;
mod support;

use api::order::GetOrderRequest;
use auth::Caller;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path, Query};
use crate::id::{OrderId, account};
use crate::key::{IdempotencyKey, KeyHeader, Once};
use crate::page::List;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, OrdersClient};
use crate::version::{IfNoneMatch, IfNoneMatchHeader, Tagged};

use answer::{Placed, tagged};
use body::OrdersQuery;

pub(crate) use body::{OrderBody, OrderStatus, PlaceBody};

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Customer.on(routes!(place, list)))
        .routes(Rule::Customer.on(routes!(find)))
        .routes(Rule::Customer.on(routes!(cancel::cancel)))
        .routes(Rule::Customer.on(routes!(events::watch)))
        .merge(support::routes())
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
) -> Result<Once<Placed>, Problem> {
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

/// To whom the order must belong: the caller; for support, anybody.
fn owner(caller: Caller) -> String {
    if caller.role.is_support() {
        String::new()
    } else {
        account(caller)
    }
}
