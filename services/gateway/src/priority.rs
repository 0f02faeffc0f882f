//! Which routes come first when there is not room for all.

use api::Priority;
use axum::http::Method;

/// The routes that come before browsing: getting in, the cart, the order, the money.
const CHECKOUT: &[(Method, &str)] = &[
    (Method::POST, "/v1/auth/register"),
    (Method::POST, "/v1/auth/login"),
    (Method::POST, "/v1/auth/refresh"),
    (Method::POST, "/v1/carts"),
    (Method::GET, "/v1/carts/{id}"),
    (Method::POST, "/v1/carts/{id}/items"),
    (Method::PATCH, "/v1/carts/{id}/items/{product_id}"),
    (Method::DELETE, "/v1/carts/{id}/items/{product_id}"),
    (Method::POST, "/v1/orders"),
    (Method::POST, "/v1/orders/{id}/cancel"),
    (Method::POST, "/v1/orders/{id}/refunds"),
    (Method::POST, "/v1/me/wallet/topups"),
];

/// The priority of a request for `route`, the template of its path.
pub(crate) fn of(method: &Method, route: &str) -> Priority {
    let first = |(one, path): &(Method, &str)| one == method && *path == route;
    if CHECKOUT.iter().any(first) {
        Priority::Checkout
    } else {
        Priority::Browsing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_that_comes_first_is_described() {
        let description = serde_json::to_value(crate::document()).unwrap();
        for (method, path) in CHECKOUT {
            let method = method.as_str().to_lowercase();

            assert!(
                description["paths"][path][&method].is_object(),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn what_nobody_has_thought_of_is_browsing() {
        assert_eq!(of(&Method::POST, "/v1/orders"), Priority::Checkout);
        assert_eq!(of(&Method::GET, "/v1/orders"), Priority::Browsing);
        assert_eq!(of(&Method::GET, "unmatched"), Priority::Browsing);
    }
}
