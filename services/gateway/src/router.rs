//! All routes, and what surrounds them.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::code::Code;
use crate::problem::Problem;
use crate::state::Edge;
use crate::{admin, carts, context, me, news, openapi, orders, products, sessions};

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
        .route("/", get(async || Redirect::temporary("/docs/")))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(no_such_route)
        .layer(CatchPanicLayer::custom(|_| {
            Problem::from(Code::Internal).into_response()
        }))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(middleware::from_fn_with_state(edge.clone(), context::layer))
        .with_state(edge.clone());
    // What asks whether the gateway lives must hear it also when nothing else gets through.
    probes.merge(routes)
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
