//! `/v1/orders/{id}/cancel`: an order is taken back.

use api::order::{self as wire, CancelRequest};
use auth::Caller;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::answer::tagged;
use super::{OrderBody, owner};
use crate::ask;
use crate::body::Path;
use crate::id::{OrderId, account};
use crate::key::{IdempotencyKey, KeyHeader, Once};
use crate::problem::Problem;
use crate::state::OrdersClient;

/// Cancels a confirmed order: stock back, money back. Support may cancel anybody's.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "orders", params(("id" = inline(OrderId), Path), KeyHeader),
    responses((status = 200, body = OrderBody), (status = 202, body = OrderBody)), extensions(("x-owner" = json!("order"))))]
pub(super) async fn cancel(
    State(orders): State<OrdersClient>,
    caller: Caller,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
) -> Result<Once<Moved>, Problem> {
    let wanted = CancelRequest {
        customer_id: owner(caller),
        id: id.to_string(),
        idempotency: Some(key.bind(account(caller), &(id, (), ()))),
        actor_id: actor(caller),
    };
    let order = ask::keyed_once(&orders, wanted, OrdersClient::cancel).await?;
    Ok(order.map(Moved))
}

/// The answer to a cancellation: done, or taken up.
pub(super) struct Moved(wire::Order);

impl IntoResponse for Moved {
    fn into_response(self) -> Response {
        let going_on = self.0.status == "cancelling";
        let status = if going_on {
            StatusCode::ACCEPTED
        } else {
            StatusCode::OK
        };
        let mut response = (status, tagged(self.0)).into_response();
        if going_on {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
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
