//! `/v1/admin/faults/events`: faults as they begin and change.

use std::convert::Infallible;

use api::control::{Fault, WatchFaultsRequest};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::{Stream, StreamExt as _};
use tonic::Status;

use super::body::FaultBody;
use crate::ask;
use crate::live;
use crate::problem::Problem;
use crate::state::{Edge, FaultsClient};

/// Streams all open faults as server-sent events, and from then on each that begins or changes, as it is then.
///
/// Each event's id is the moment of its change. A client that comes back with `Last-Event-ID` gets what it missed, some of
/// it perhaps again.
#[utoipa::path(get, path = "/v1/admin/faults/events", tag = "admin", operation_id = "watch_faults",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event seen.")),
    responses((status = 200, body = FaultBody, content_type = "text/event-stream")))]
pub(super) async fn watch(
    State(faults): State<FaultsClient>,
    State(edge): State<Edge>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let since = live::last_seen(&headers)?.unwrap_or_default().to_owned();
    if !since.is_empty() && api::time::read(&since).is_err() {
        return Err(live::bad_id());
    }
    let room = live::room(&edge)?;
    let wanted = WatchFaultsRequest { since };
    let events = ask::read(&faults, wanted, FaultsClient::watch_faults).await?;
    let heartbeat = KeepAlive::new().interval(edge.settings().heartbeat);
    let end = live::ended(edge);
    let shown = events
        .scan(room, |_room, fault| std::future::ready(shown(fault)))
        .take_until(end);
    Ok(Sse::new(shown).keep_alive(heartbeat))
}

/// One event as the client sees it. A stream that broke just ends: the client comes back with the last id it saw.
fn shown(fault: Result<Fault, Status>) -> Option<Result<Event, Infallible>> {
    let fault = fault.ok()?;
    let id = fault.updated_at.clone();
    let shown = Event::default()
        .id(id)
        .event("fault")
        .retry(live::COME_BACK)
        .json_data(FaultBody::from(fault));
    shown.ok().map(Ok)
}
