//! What is answered of an order: statuses, headers, and what a key makes of them.

use api::order as wire;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::OrderBody;
use super::body::RefundedBody;
use crate::code::Code;
use crate::key::Once;
use crate::problem::Problem;
use crate::version::Tagged;

/// The answer to a placing.
pub(crate) struct Placed {
    status: StatusCode,
    order: wire::Order,
}

/// The answer to a refund.
pub(crate) struct Refunded(pub(crate) wire::OrderRefund);

impl Placed {
    /// Says what became of the order. A rejected one becomes a problem, made of the stored order alone, without clock or
    /// chance: it is given again for the same key for ever.
    pub(crate) fn of(answer: wire::PlaceResponse) -> Result<Once<Self>, Problem> {
        let (order, replayed) = (answer.order.ok_or(Code::Internal)?, answer.replayed);
        let status = match order.status.as_str() {
            "pending" => StatusCode::ACCEPTED,
            "rejected" => {
                let code = Code::of(&order.reason).unwrap_or(Code::Conflict);
                return Err(Problem::new(code).settled(replayed).order(order.into()));
            }
            _ => StatusCode::CREATED,
        };
        let answer = Self { status, order };
        Ok(Once { answer, replayed })
    }
}

impl IntoResponse for Placed {
    fn into_response(self) -> Response {
        let location = format!("/v1/orders/{}", self.order.id);
        let mut response = (self.status, tagged(self.order)).into_response();
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::try_from(location) {
            headers.insert(LOCATION, location);
        }
        if self.status == StatusCode::ACCEPTED {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl IntoResponse for Refunded {
    fn into_response(self) -> Response {
        let replayed = self.0.replayed;
        let body = axum::Json(RefundedBody::from(self.0));
        let answer = (StatusCode::CREATED, body);
        Once { answer, replayed }.into_response()
    }
}

/// An order with its version as `ETag`.
pub(crate) fn tagged(order: wire::Order) -> Tagged<OrderBody> {
    Tagged::new(order.version, order.into())
}
