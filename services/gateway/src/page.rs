//! Lists: which part of one is wanted, and how it is answered.

use api::common;
use axum::Json;
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    pub(crate) cursor: Option<String>,
}

/// Part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<T>,
    /// Whether anything follows.
    has_more: bool,
    /// Asks for what follows; null on the last page.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Answers `rows`, followed by what `next_cursor` asks for; an empty one means that nothing follows.
    pub(crate) fn of<R: Into<T>>(rows: Vec<R>, next_cursor: String) -> Self {
        let next_cursor = Some(next_cursor).filter(|cursor| !cursor.is_empty());
        Self {
            object: "list",
            data: rows.into_iter().map(Into::into).collect(),
            has_more: next_cursor.is_some(),
            next_cursor,
        }
    }

    /// Answers `rows`, which are all there are.
    pub(crate) fn whole<R: Into<T>>(rows: Vec<R>) -> Self {
        Self::of(rows, String::new())
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

impl From<Page> for common::Page {
    fn from(page: Page) -> Self {
        page_of(page.limit, page.cursor)
    }
}

/// The page that `limit` and `cursor` ask for, where a query holds more than these two.
pub(crate) fn page_of(limit: Option<u32>, cursor: Option<String>) -> common::Page {
    common::Page {
        limit: limit.unwrap_or_default(),
        cursor: cursor.unwrap_or_default(),
    }
}
