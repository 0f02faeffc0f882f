//! `/v1/orders/{id}/events`: what happens to an order, as it happens.

use std::convert::Infallible;

use api::order::{OrderEvent, WatchEventsRequest};
use auth::Caller;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, StreamExt as _};
use serde::Serialize;
use tonic::Status;
use utoipa::ToSchema;

use super::{OrderBody, owner};
use crate::ask;
use crate::body::Path;
use crate::id::OrderId;
use crate::live;
use crate::problem::Problem;
use crate::state::{Edge, OrdersClient};

/// Streams what happens to an order as server-sent events, until nothing more can happen.
///
/// Each event's id is the order's version, and its data the order as it was from then on. A client that comes back with
/// `Last-Event-ID` gets what it missed.
#[utoipa::path(get, path = "/v1/orders/{id}/events", tag = "orders",
    params(("id" = inline(OrderId), Path), ("Last-Event-ID" = Option<i64>, Header, description = "The id of the last event seen.")),
    responses((status = 200, body = EventBody, content_type = "text/event-stream")),
    extensions(("x-owner" = json!("order"))))]
pub(super) async fn watch(
    State(orders): State<OrdersClient>,
    State(edge): State<Edge>,
    caller: Caller,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let wanted = WatchEventsRequest {
        customer_id: owner(caller),
        id: id.into_wire(),
        after_version: last_seen(&headers)?,
    };
    let room = live::room(&edge)?;
    let events = ask::read(&orders, wanted, OrdersClient::watch_events).await?;
    let heartbeat = KeepAlive::new().interval(edge.settings().heartbeat);
    let end = live::ended(edge);
    let shown = events
        .scan(room, |_room, event| std::future::ready(shown(event)))
        .take_until(end);
    Ok(Sse::new(shown).keep_alive(heartbeat))
}

/// An order as it was from `order.version` on.
#[derive(Serialize, ToSchema)]
struct EventBody {
    order: OrderBody,
    /// RFC 3339, UTC.
    happened_at: String,
}

fn last_seen(headers: &HeaderMap) -> Result<i64, Problem> {
    let Some(text) = live::last_seen(headers)? else {
        return Ok(0);
    };
    let version = text.parse().ok().filter(|version| *version >= 0);
    version.ok_or_else(live::bad_id)
}

/// One event as the client sees it. A stream that broke just ends: the client comes back with the last id it saw.
fn shown(event: Result<OrderEvent, Status>) -> Option<Result<Event, Infallible>> {
    let event = event.ok()?;
    let order = OrderBody::from(event.order?);
    let id = order.version.to_string();
    let body = EventBody {
        order,
        happened_at: event.happened_at,
    };
    let shown = Event::default()
        .id(id)
        .event("order")
        .retry(live::COME_BACK)
        .json_data(body);
    shown.ok().map(Ok)
}
