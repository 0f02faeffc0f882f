//! What surrounds every request: its id, its span, its deadline, its consistency token, and the headers of its answer.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use api::token::{self, Given};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chassis::room::End;
use retry::Deadline;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::code::Code;
use crate::problem::Problem;
use crate::state::Edge;
use crate::switches;
use crate::way::Way;

/// The header that a request's id travels in, both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header of the consistency token, both ways.
const TOKEN: HeaderName = HeaderName::from_static(token::HEADER);
/// What every answer wears.
const WORN: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];
/// When somebody may ask again for what operators have switched off.
const SWITCHED_OFF: Duration = Duration::from_mins(1);
/// The longest id that is taken over from a caller.
const LONGEST_ID: usize = 64;

tokio::task_local! {
    static ID: String;
}

/// The id of the request that this task serves.
pub(crate) fn request_id() -> Option<String> {
    ID.try_with(Clone::clone).ok()
}

/// Runs the rest of the way within the request's context.
pub(crate) async fn layer(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = id(request.headers());
    let given = Given::read(request.headers().get(TOKEN).map(HeaderValue::as_bytes));
    let (method, way) = (request.method().clone(), way(&edge, &request));
    let span = telemetry::http_server("gateway", &method, way.route(), request.headers());
    edge.equip(request.extensions_mut());

    // It stays where it is: whatever surrounds it would hold it twice, and move all of that.
    let work = pin!(checked(&edge, &way, request, next));
    let work = within_deadline(&edge, method, work);
    let scoped = ID.scope(id.clone(), token::scope(given, work));
    let (mut response, seen) = scoped.instrument(span.clone()).await;

    span.record("http.response.status_code", response.status().as_u16());
    if response.status().is_server_error() {
        telemetry::failed(&span);
    }
    way.took(response.status(), began.elapsed());
    dress(response.headers_mut(), &edge, &id, seen);
    response
}

/// The id that the caller chose, if it is plain, or else a new one.
fn id(headers: &HeaderMap) -> String {
    let given = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let plain = |text: &&str| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(letters)
    };
    match given.filter(plain) {
        Some(id) => id.to_owned(),
        None => new_id().simple().to_string(),
    }
}

/// As `Uuid::now_v7` makes them, without asking the kernel for chance each time: such an id has to differ, and opens nothing.
fn new_id() -> Uuid {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or_default());
    uuid::Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid()
}

/// The request's way, by the template of its route, so that ids in paths do not multiply metrics.
fn way(edge: &Edge, request: &Request) -> Arc<Way> {
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("unmatched", MatchedPath::as_str);
    edge.ways().of(request.method(), route)
}

/// Refuses what is too large before anything looks at it.
async fn checked(edge: &Edge, way: &Way, request: Request, next: Next) -> Response {
    let settings = edge.settings();
    let headers = request.headers();
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > settings.header_bytes {
        return Problem::from(Code::HeadersTooLarge).into_response();
    }
    if request
        .uri()
        .path_and_query()
        .is_some_and(|text| text.as_str().len() > settings.uri_bytes)
    {
        return Problem::from(Code::UriTooLong).into_response();
    }
    if headers.get_all(AUTHORIZATION).iter().count() > 1 {
        return Problem::from(Code::InvalidToken).into_response();
    }
    let switch = switches::of(request.method(), way.route(), request.uri().query());
    if switch.is_some_and(|switch| !edge.is_on(switch)) {
        return Problem::new(Code::SwitchedOff)
            .after(SWITCHED_OFF)
            .into_response();
    }
    let work = Box::pin(next.run(request));
    let admitted = edge.room().admit(&way.kind, way.priority, work, judged);
    let answer = admitted.await;
    answer.unwrap_or_else(|_| Problem::from(Code::Overloaded).into_response())
}

/// How a request ended, as far as it tells of this gateway.
fn judged(response: &Response) -> End {
    match response.status() {
        status if status.is_server_error() => End::Failed,
        status if status.is_client_error() => End::Refused,
        _ => End::Answered,
    }
}

/// Gives the request its deadline, and answers in place of a handler that does not keep to it.
async fn within_deadline(
    edge: &Edge,
    method: Method,
    work: impl Future<Output = Response>,
) -> Response {
    let deadline = Deadline::after(edge.settings().deadline);
    // A little more, so that whoever keeps to the deadline gets to say what happened.
    let patience = Deadline::after(edge.settings().deadline + edge.settings().grace);
    let Ok(response) = patience.limit(deadline.scope(work)).await else {
        let code = if method.is_safe() {
            Code::Unavailable
        } else {
            Code::OutcomeUnknown
        };
        return Problem::from(code).into_response();
    };
    response
}

/// Puts on what every answer wears.
fn dress(headers: &mut HeaderMap, edge: &Edge, id: &str, seen: Given) {
    // Once, and not header by header.
    headers.reserve(WORN.len() + 5);
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Given::Token(token) = seen {
        let text = HeaderValue::try_from(token.to_string());
        headers.insert(TOKEN, text.expect("a token is hex digits and dots"));
    }
    for (name, value) in WORN {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let strict = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(strict);
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if edge.settings().tls.is_some() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert("strict-transport-security", year);
    }
}
