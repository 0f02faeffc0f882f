//! All routes, and what surrounds them.

use std::any::Any;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tracing::error;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::code::Code;
use crate::problem::Problem;
use crate::state::Edge;
use crate::{admin, carts, context, me, news, openapi, orders, pages, products, sessions};

/// Where the description of all routes is.
const OPENAPI: &str = "/v1/openapi.json";
/// What the reader at `/docs` may load: only what comes with it.
const READER: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'";

/// Every route that is described, with its description.
pub(crate) fn described() -> (Router<Edge>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(sessions::routes())
        .merge(me::routes())
        .merge(products::routes())
        .merge(carts::routes())
        .merge(orders::routes())
        .merge(news::routes())
        .merge(admin::routes())
        .split_for_parts()
}

/// The whole of the gateway, with the `probes` of this instance.
pub(crate) fn router(edge: &Edge, probes: Router) -> Router {
    let (routes, description) = described();
    let text = openapi::text(&description);
    let json = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-cache"),
    ];
    let routes = routes
        .merge(reader())
        .route(OPENAPI, get(async move || (json, text.clone())))
        .method_not_allowed_fallback(method_not_allowed);
    let nowhere = surrounded(Router::new().fallback(no_such_route), edge);
    let api = surrounded(routes, edge);
    // What asks whether the gateway lives must hear it also when nothing else gets through.
    probes.merge(pages::before(api, nowhere, edge))
}

/// Puts around `routes` what every request passes.
fn surrounded(routes: Router<Edge>, edge: &Edge) -> Router {
    routes
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| {
            panicked(&*panic)
        }))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn_with_state(edge.clone(), context::layer))
        .with_state(edge.clone())
}

/// A panic is a bug of ours: the end of its request and of nothing else. Its words stay inside.
fn panicked(panic: &(dyn Any + Send)) -> Response {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let request_id = context::request_id();
    error!(panic = words, request_id, "a handler panicked");
    Problem::from(Code::Internal).into_response()
}

/// The reader of the description, its assets out of this binary.
fn reader() -> Router<Edge> {
    let reader: Router<Edge> = SwaggerUi::new("/docs").config(Config::from(OPENAPI)).into();
    reader.layer(middleware::from_fn(readable))
}

async fn readable(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert("content-security-policy", HeaderValue::from_static(READER));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn no_such_route() -> Problem {
    Code::NoSuchRoute.into()
}

async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(Code::MethodNotAllowed)
        .detail(format!("{method} is not among the methods of this route."))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;
    use crate::service::Gateway;

    #[tokio::test]
    async fn a_handler_that_panics_is_a_problem_with_the_requests_id_and_none_of_its_words() {
        let neighbours =
            ["USER_ADDRS", "ORDER_ADDRS", "NEWS_ADDRS"].map(|name| (name, "127.0.0.1:1"));
        let env = chassis::Env::local(neighbours).knowing(crate::config::SETTINGS);
        let gateway = Gateway::connect(&env).unwrap();
        let broken = get(async || -> () { panic!("a secret of the house") });
        let routes = surrounded(Router::new().route("/broken", broken), gateway.edge());
        let request = Request::get("/broken").header("x-request-id", "abc-123");

        let answer = routes
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();

        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()["x-request-id"], "abc-123");
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "internal");
        assert_eq!(problem["request_id"], "abc-123");
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }
}
