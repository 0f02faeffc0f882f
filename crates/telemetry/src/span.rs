//! The spans of a hop: what a server opens for a request, and a client for a call.

use http::{HeaderMap, Method};
use tracing::{Span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::propagation::{extract, is_traced};

/// The span of an HTTP request at `route` (the template, never the path), as a child of what `headers` name.
pub fn http_server(service: &str, method: &Method, route: &str, headers: &HeaderMap) -> Span {
    let span = info_span!(
        parent: None,
        "http",
        otel.name = %format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = field::Empty,
        service.name = service,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = field::Empty,
    );
    continued(span, headers)
}

/// The span of a gRPC request for `path` (`/package.Service/Method`), as a child of what `headers` name.
pub fn rpc_server(service: &str, path: &str, headers: &HeaderMap) -> Span {
    let path = path.trim_start_matches('/');
    let (rpc_service, method) = path.split_once('/').unwrap_or((path, ""));
    let span = info_span!(
        parent: None,
        "rpc",
        otel.name = path,
        otel.kind = "server",
        otel.status_code = field::Empty,
        service.name = service,
        rpc.system = "grpc",
        rpc.service = rpc_service,
        rpc.method = method,
        rpc.grpc.status_code = field::Empty,
    );
    continued(span, headers)
}

/// The span of a call to `neighbour`, a child of the current one.
pub fn rpc_client(neighbour: &str, path: &str) -> Span {
    let path = path.trim_start_matches('/');
    let (rpc_service, method) = path.split_once('/').unwrap_or((path, ""));
    info_span!(
        "call",
        otel.name = path,
        otel.kind = "client",
        otel.status_code = field::Empty,
        peer.service = neighbour,
        rpc.system = "grpc",
        rpc.service = rpc_service,
        rpc.method = method,
        rpc.grpc.status_code = field::Empty,
    )
}

/// Marks `span` as failed.
pub fn failed(span: &Span) {
    span.record("otel.status_code", "ERROR");
}

fn continued(span: Span, headers: &HeaderMap) -> Span {
    if is_traced(headers) {
        // Before the span is entered: entering starts it, and a started span keeps its parent. It fails only where no
        // traces are kept at all.
        let _ = span.set_parent(extract(headers));
    }
    span
}
