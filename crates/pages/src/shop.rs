//! The storefront: one file for each place of the shop.

mod catalogue;
mod home;
mod language;
mod product;
mod register;
pub(crate) mod seen;
mod sign_in;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};

/// The routes of the storefront.
pub(crate) fn routes() -> Router {
    Router::new()
        .merge(home::routes())
        .merge(catalogue::routes())
        .merge(product::routes())
        .merge(language::routes())
        .merge(register::routes())
        .merge(sign_in::routes())
}

/// Sends the browser on to `path`, which it loads by GET: a reload there sends no form again.
pub(crate) fn go(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

/// `path`, if it is a page of ours and of nobody else.
pub(crate) fn ours(path: &str) -> Option<&str> {
    let plain = path
        .bytes()
        .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    let own = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/v1/");
    (plain && own && path.len() <= 2048).then_some(path)
}

/// A query out of the pairs that have a value.
pub(crate) fn query(pairs: &[(&str, Option<&str>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_gone_to() {
        for path in ["/", "/products/prd_1?x=%20y", "/orders"] {
            assert_eq!(ours(path), Some(path));
        }
        for path in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "/v1/me",
        ] {
            assert_eq!(ours(path), None, "{path}");
        }
    }
}
