//! What streams of events have in common: how long one lasts, and how its client comes back.

use std::time::Duration;

use axum::http::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;

use crate::code::Code;
use crate::problem::Problem;
use crate::state::Edge;

/// How long one stream lasts, like the token that opened it. The client comes back by itself.
const LONGEST: Duration = Duration::from_mins(15);
/// How long a client waits before it comes back.
pub(crate) const COME_BACK: Duration = Duration::from_secs(1);
/// The header a client sends when it comes back.
const LAST_EVENT_ID: &str = "last-event-id";

/// A place among the streams that are open.
///
/// # Errors
/// When there is none.
pub(crate) fn room(edge: &Edge) -> Result<OwnedSemaphorePermit, Problem> {
    let room = edge.streams().clone().try_acquire_owned();
    room.map_err(|_| Code::Overloaded.into())
}

/// The id of the last event that the client saw; nothing, where it comes for the first time.
///
/// # Errors
/// When it is no text.
pub(crate) fn last_seen(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    value
        .to_str()
        .map(|text| Some(text.trim()))
        .map_err(|_| bad_id())
}

/// Says that what the client sent is no id of an event.
pub(crate) fn bad_id() -> Problem {
    Problem::invalid(
        "Last-Event-ID",
        "invalid",
        "the id of an event that was sent here",
    )
}

/// Ends with the longest a stream may last, or when the gateway drains.
pub(crate) async fn ended(edge: Edge) {
    tokio::select! {
        () = tokio::time::sleep(LONGEST) => {}
        () = edge.draining().cancelled() => {}
    }
}
