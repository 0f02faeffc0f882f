//! The storefront: one file for each place of the shop.

mod account;
mod cart;
mod catalogue;
mod checkout;
mod home;
mod language;
mod news;
mod notifications;
mod orders;
mod product;
mod register;
pub(crate) mod seen;
mod sign_in;
mod wallet;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::api::Problem;
use crate::form::Typed;

/// The routes of the storefront.
pub(crate) fn routes() -> Router {
    Router::new()
        .merge(home::routes())
        .merge(catalogue::routes())
        .merge(product::routes())
        .merge(language::routes())
        .merge(register::routes())
        .merge(sign_in::routes())
        .merge(cart::routes())
        .merge(checkout::routes())
        .merge(orders::routes())
        .merge(account::routes())
        .merge(wallet::routes())
        .merge(notifications::routes())
        .merge(news::routes())
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

/// `id` as one part of a path, whatever is in it.
pub(crate) fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

/// The status of a page that tells of `problem`, if of any.
pub(crate) fn status(problem: Option<&Problem>) -> StatusCode {
    let status = problem.map_or(StatusCode::OK.as_u16(), |problem| problem.status);
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A new idempotency key.
pub(crate) fn new_key() -> String {
    Uuid::now_v7().to_string()
}

/// The key of a form that is drawn again: its own while the same request may still succeed, or may have; a new one once it
/// was answered for good.
pub(crate) fn key_for(typed: &Typed, problem: Option<&Problem>) -> String {
    let open = problem.is_some_and(|problem| problem.retryable);
    typed
        .some("key")
        .filter(|_| open)
        .map_or_else(new_key, str::to_owned)
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
