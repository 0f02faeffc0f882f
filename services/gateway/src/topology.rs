//! `/topology`: a page that draws the live house for administrators. It holds no data itself: it asks as they would.

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::routing::get;

use crate::state::Edge;

/// What the page may load and ask: only what is of this gateway.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The page, and what it is drawn with.
const FILES: [(&str, &str, &str); 3] = [
    (
        "/topology",
        "text/html; charset=utf-8",
        include_str!("topology/page.html"),
    ),
    (
        "/topology/page.css",
        "text/css",
        include_str!("topology/page.css"),
    ),
    (
        "/topology/page.js",
        "text/javascript",
        include_str!("topology/page.js"),
    ),
];

/// The routes of the page.
pub(crate) fn routes() -> Router<Edge> {
    FILES
        .into_iter()
        .fold(Router::new(), |routes, (path, kind, text)| {
            routes.route(path, get(async move || (headers(kind), text)))
        })
}

fn headers(kind: &'static str) -> [(HeaderName, &'static str); 3] {
    [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ]
}
