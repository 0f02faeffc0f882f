//! `/language/{tag}`: another language from now on.

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::{go, ours};
use crate::look::Locale;
use crate::visit::Visitor;

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new().route("/language/{tag}", get(choose))
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

async fn choose(
    visitor: Visitor,
    Path(tag): Path<String>,
    Query(Back { back }): Query<Back>,
) -> Response {
    if let Some(locale) = Locale::read(&tag) {
        visitor.keep_language(locale);
    }
    go(ours(&back).unwrap_or("/"))
}
