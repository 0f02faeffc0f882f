//! `DELETE /v1/me`: closing the caller's own account.

use api::common::Page;
use api::order::ListOrdersRequest;
use api::user::CloseAccountRequest;
use auth::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use futures::future::try_join_all;

use crate::ask;
use crate::code::Code;
use crate::id::account;
use crate::orders::OrderStatus;
use crate::problem::Problem;
use crate::state::{OrdersClient, UsersClient};

/// The states in which an order is still open.
const OPEN: [OrderStatus; 4] = [
    OrderStatus::Pending,
    OrderStatus::Confirmed,
    OrderStatus::Shipped,
    OrderStatus::Cancelling,
];

/// Closes the account: what is personal is blanked, every session ends.
///
/// Refused with 409 while an order is open (`order_open`) or money is left (`money_left`).
#[utoipa::path(delete, path = "/v1/me", tag = "me", responses((status = 204)))]
pub(super) async fn leave(
    State(orders): State<OrdersClient>,
    State(users): State<UsersClient>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    let open = OPEN.map(|status| has_any(&orders, account(caller), status));
    if try_join_all(open).await?.contains(&true) {
        return Err(Code::OrderOpen.into());
    }
    let wanted = CloseAccountRequest {
        id: account(caller),
    };
    ask::write(&users, wanted, UsersClient::close_account).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn has_any(
    orders: &OrdersClient,
    customer_id: String,
    status: OrderStatus,
) -> Result<bool, Problem> {
    let one = Page {
        limit: 1,
        cursor: String::new(),
    };
    let wanted = ListOrdersRequest {
        customer_id,
        page: Some(one),
        status: status.into_wire(),
    };
    let found = ask::read(orders, wanted, OrdersClient::list).await?;
    Ok(!found.orders.is_empty())
}
