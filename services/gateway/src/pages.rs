//! The pages, before the API: they ask its routes as any client does, so that its rules, limits and deadlines hold for them.

use std::any::Any;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{HeaderName, STRICT_TRANSPORT_SECURITY};
use axum::http::{Extensions, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use pages::{Door, Pages};
use tower::ServiceExt as _;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tracing::error;

use crate::proxied::Announced;
use crate::state::Edge;

/// Says how the client came to the proxy before us.
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Puts the pages beside `api`. What is neither's is a missing page to people, and to all others what `nowhere` answers.
pub(crate) fn before(api: Router, nowhere: Router, edge: &Edge) -> Router {
    let pages = Pages::new(api.clone());
    let fallback = {
        let pages = pages.clone();
        async move |request: Request| elsewhere(pages, nowhere, request).await
    };
    let missing = dressed(Router::new().fallback(fallback), edge);
    api.merge(dressed(pages.routes(), edge))
        .fallback_service(missing)
}

async fn elsewhere(pages: Pages, nowhere: Router, request: Request) -> Response {
    if Pages::is_wanted(&request) && !request.uri().path().starts_with("/v1/") {
        return pages.missing(request).await;
    }
    match nowhere.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn dressed(pages: Router, edge: &Edge) -> Router {
    pages
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| {
            panicked(&*panic)
        }))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn_with_state(edge.clone(), door))
}

/// Says how the request came, refuses what is too large before anything looks at it, and counts nothing: whatever a page
/// asks for counts at the API.
async fn door(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    if let Some(refused) = oversized(&edge, &request) {
        return refused.into_response();
    }
    let door = Door {
        secure: is_secure(&edge, &request),
        carried: carried(request.extensions()),
    };
    let secured = edge.settings().tls.is_some();
    request.extensions_mut().insert(door);
    let mut response = next.run(request).await;
    if secured {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        response
            .headers_mut()
            .insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

fn oversized(edge: &Edge, request: &Request) -> Option<StatusCode> {
    let settings = edge.settings();
    let headers = request.headers().iter();
    let bytes: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let path = request
        .uri()
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    if bytes > settings.header_bytes {
        Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else if path > settings.uri_bytes {
        Some(StatusCode::URI_TOO_LONG)
    } else {
        None
    }
}

/// Whether the browser speaks HTTPS: with us, or with a proxy whose word is taken.
fn is_secure(edge: &Edge, request: &Request) -> bool {
    let settings = edge.settings();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let vouched =
        peer.is_some_and(|peer| settings.trusted_proxies.trusts(peer.0.ip().to_canonical()));
    let said = request
        .headers()
        .get(PROTO)
        .is_some_and(|proto| proto == "https");
    settings.tls.is_some() || (vouched && said)
}

/// What tells the API whose request it is, by address.
fn carried(of: &Extensions) -> Extensions {
    let mut carried = Extensions::new();
    if let Some(peer) = of.get::<ConnectInfo<SocketAddr>>() {
        carried.insert(*peer);
    }
    if let Some(announced) = of.get::<Announced>() {
        carried.insert(*announced);
    }
    carried
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let words = panic.downcast_ref::<&str>().copied();
    error!(panic = words, "a page panicked");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
