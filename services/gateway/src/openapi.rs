//! The description of all routes, OpenAPI 3.1: made from the code, kept in `docs/openapi.json`.

use axum::body::Bytes;
use utoipa::PartialSchema as _;
use utoipa::ToSchema as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
};

use crate::problem::{Fault, ProblemBody};
use crate::router;
use crate::rule::Rule;

const DESCRIPTION: &str = "A shop that keeps taking orders while its parts fail.

Sign in at `/v1/auth/login` and send `Authorization: Bearer <access_token>`. Where money or stock moves, send an \
`Idempotency-Key`: the same key is one act, however often it is sent. Where a thing is changed, send its `ETag` as `If-Match`. \
Send the `Consistency-Token` of the last answer with the next request to read what you have written. Errors are RFC 9457 \
problems with a stable `code`.";

/// The description of every route.
pub fn document() -> OpenApi {
    router::described().1
}

/// The description as it is served and kept: indented, so that a change of it reads well.
pub(crate) fn text(document: &OpenApi) -> Bytes {
    let text = document.to_pretty_json();
    text.expect("a description is texts and numbers").into()
}

/// What all routes are put into.
pub(crate) fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Holdfast")
        .description(Some(DESCRIPTION))
        .version(env!("CARGO_PKG_VERSION"));
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    schemas.push((Fault::name().into_owned(), Fault::schema()));
    ProblemBody::schemas(&mut schemas);
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let problem = ResponseBuilder::new()
        .description("What went wrong, as RFC 9457 says it.")
        .content("application/problem+json", problem);
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .response("Problem", problem.build())
        .security_scheme(
            "bearer",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
    let tags = [
        "auth",
        "me",
        "catalogue",
        "carts",
        "orders",
        "news",
        "admin",
    ];
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(components.build()))
        .tags(Some(tags.map(|name| TagBuilder::new().name(name).build())))
        .build()
}

/// Adds the answers that any route under `rule` may give.
pub(crate) fn usual_answers(operation: &mut Operation, rule: Rule) {
    let shut: &[&str] = if rule.role() == "public" {
        &[]
    } else {
        &["401", "403"]
    };
    for status in shut.iter().chain(&["default"]) {
        let problem = RefOr::Ref(Ref::from_response_name("Problem"));
        operation
            .responses
            .responses
            .insert((*status).to_owned(), problem);
    }
}
