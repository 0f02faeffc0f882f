//! `/v1/me/export`: everything the shop keeps about the caller.

use api::common::Page;
use api::order::ListOrdersRequest;
use api::user::ExportAccountRequest;
use auth::Caller;
use axum::extract::State;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::ask;
use crate::code::Code;
use crate::id::account;
use crate::orders::OrderBody;
use crate::problem::Problem;
use crate::state::{OrdersClient, UsersClient};

/// How many pages of orders are fetched at most.
const PAGES: usize = 50;
/// How many orders a page has.
const ROWS: u32 = 100;

/// Answers everything the shop keeps about the caller, as one document.
#[utoipa::path(get, path = "/v1/me/export", tag = "me", responses((status = 200, body = ExportBody)))]
pub(super) async fn export(
    State(users): State<UsersClient>,
    State(orders): State<OrdersClient>,
    caller: Caller,
) -> Result<Response, Problem> {
    let wanted = ExportAccountRequest {
        id: account(caller),
    };
    let kept = ask::read(&users, wanted, UsersClient::export_account).await?;
    let (orders, orders_complete) = all(&orders, &account(caller)).await?;
    let body = ExportBody {
        object: "export",
        account: serde_json::from_str(&kept.json).map_err(|_| Code::Internal)?,
        orders,
        orders_complete,
    };
    let file = [(
        CONTENT_DISPOSITION,
        "attachment; filename=\"holdfast-export.json\"",
    )];
    Ok((file, axum::Json(body)).into_response())
}

/// Everything the shop keeps about an account.
#[derive(Serialize, ToSchema)]
struct ExportBody {
    /// Always `export`.
    #[schema(example = "export")]
    object: &'static str,
    /// Profile, addresses, sessions, wallet and notifications.
    #[schema(value_type = Object)]
    account: Value,
    orders: Vec<OrderBody>,
    /// Whether these are all; if not, the rest is at `/v1/orders`.
    orders_complete: bool,
}

/// The orders of `customer`, and whether these are all.
async fn all(orders: &OrdersClient, customer: &str) -> Result<(Vec<OrderBody>, bool), Problem> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let wanted = ListOrdersRequest {
            customer_id: customer.to_owned(),
            page: Some(Page {
                limit: ROWS,
                cursor,
            }),
            status: String::new(),
        };
        let page = ask::read(orders, wanted, OrdersClient::list).await?;
        found.extend(page.orders.into_iter().map(OrderBody::from));
        cursor = page.next_cursor;
        if cursor.is_empty() {
            return Ok((found, true));
        }
    }
    Ok((found, false))
}
